import { fail } from '../../src/core/failure.ts';
import { alignmentMatrix } from '../../src/kit/face/align-face.ts';
import { cropFace } from '../../src/kit/face/crop-face.ts';
import { sourceArea, warpAffine, type PictureSize } from '../../src/kit/face/warp-affine.ts';
import {
  decodePhotograph,
  decodePhotographPart,
  encodeJpeg,
  encodePng,
  type RgbImage,
} from '../../src/kit/image/image.ts';
import type { DecodingMemory } from '../../src/kit/image/decoding-memory.ts';
import type { PictureRoom } from '../../src/kit/image/picture-file.ts';
import { loadPicture } from './load-picture.ts';
import type { Picture } from './picture-source.ts';

/** How pictures that are not aligned become crops. */
export interface AlignmentRules {
  readonly size: PictureSize;
  readonly encoding: 'jpg' | 'png';
  /** JPEG: 1 to 100. PNG: compression level 0 to 9. */
  readonly quality: number;
  /** Where a picture has no points: fail, or crop its box or middle. */
  readonly withoutPoints: 'fail' | 'crop';
}

/** Used for one picture after the other. */
export interface AlignmentMemory {
  readonly file: PictureRoom;
  readonly pixels: DecodingMemory;
}

/** Decodes a photograph, cuts the face out, and encodes it. */
export async function alignPicture(
  picture: Picture,
  rules: AlignmentRules,
  memory: AlignmentMemory,
): Promise<Uint8Array> {
  const { path, points, within } = picture;
  if (points === undefined && rules.withoutPoints === 'fail') {
    fail({
      code: 'unaligned-image',
      message: 'the picture is not aligned, and no list gives points to align it by',
      at: { file: path, ...(within === undefined ? {} : { offset: within.offset }) },
      hint: 'Give its ten coordinates in the list (columns 8 to 17), or choose withoutPoints: crop.',
    });
  }
  const { bytes, source } = loadPicture(picture, memory.file);
  if (points === undefined) {
    return encode(cropFace(await decodePhotograph(bytes, source), picture.box, rules.size), rules);
  }
  const matrix = alignmentMatrix(pairUp(points), rules.size);
  const image = await decodePhotographPart(bytes, source, sourceArea(matrix, rules.size), memory.pixels);
  return encode(warpAffine(image, matrix, rules.size), rules);
}

async function encode(face: RgbImage, { encoding, quality }: AlignmentRules): Promise<Uint8Array> {
  return encoding === 'png' ? encodePng(face, Math.min(9, quality)) : encodeJpeg(face, quality);
}

function pairUp(points: readonly number[]): (readonly [number, number])[] {
  const count = points.length / 2;
  return Array.from({ length: count }, (_, index) => [points[index] ?? 0, points[count + index] ?? 0] as const);
}
