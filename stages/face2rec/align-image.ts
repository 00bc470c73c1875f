import { fail } from '../../src/core/failure.ts';
import { alignmentMatrix } from '../../src/kit/face/align-face.ts';
import { cropFace } from '../../src/kit/face/crop-face.ts';
import { sourceArea, warpAffine, type ImageSize } from '../../src/kit/face/warp-affine.ts';
import {
  decodePhotograph,
  decodePhotographPart,
  encodeJpeg,
  encodePng,
  type RgbImage,
} from '../../src/kit/image/image.ts';
import type { DecodeBuffers } from '../../src/kit/image/decode-buffers.ts';
import type { ReusableBuffer } from '../../src/kit/image/image-file.ts';
import { loadImage } from './load-image.ts';
import type { Image } from './image-source.ts';

/** How images that are not aligned become crops. */
export interface AlignmentRules {
  readonly size: ImageSize;
  readonly encoding: 'jpg' | 'png';
  /** JPEG: 1 to 100. PNG: compression level 0 to 9. */
  readonly quality: number;
  /** Where an image has no points: fail, or crop its box or middle. */
  readonly withoutPoints: 'fail' | 'crop';
}

/** Used for one image after the other. */
export interface AlignmentMemory {
  readonly file: ReusableBuffer;
  readonly pixels: DecodeBuffers;
}

/** Decodes a photograph, cuts the face out, and encodes it. */
export async function alignImage(image: Image, rules: AlignmentRules, memory: AlignmentMemory): Promise<Uint8Array> {
  const { path, points, within } = image;
  if (points === undefined && rules.withoutPoints === 'fail') {
    fail({
      code: 'unaligned-image',
      message: 'the image is not aligned, and no list gives points to align it by',
      at: { file: path, ...(within === undefined ? {} : { offset: within.offset }) },
      hint: 'Give its ten coordinates in the list (columns 8 to 17), or choose withoutPoints: crop.',
    });
  }
  const { bytes, source } = loadImage(image, memory.file);
  if (points === undefined) {
    return encode(cropFace(await decodePhotograph(bytes, source), image.box, rules.size), rules);
  }
  const matrix = alignmentMatrix(pairUp(points), rules.size);
  const photograph = await decodePhotographPart(bytes, source, sourceArea(matrix, rules.size), memory.pixels);
  return encode(warpAffine(photograph, matrix, rules.size), rules);
}

async function encode(face: RgbImage, { encoding, quality }: AlignmentRules): Promise<Uint8Array> {
  return encoding === 'png' ? encodePng(face, Math.min(9, quality)) : encodeJpeg(face, quality);
}

function pairUp(points: readonly number[]): (readonly [number, number])[] {
  const count = points.length / 2;
  return Array.from({ length: count }, (_, index) => [points[index] ?? 0, points[count + index] ?? 0] as const);
}
