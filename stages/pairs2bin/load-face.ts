import { existsSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { fail } from '../../src/core/failure.ts';
import { alignFace } from '../../src/kit/face/align-face.ts';
import { cropFace } from '../../src/kit/face/crop-face.ts';
import { decodePhotograph, encodeJpeg, encodePng, type RgbImage } from '../../src/kit/image/image.ts';
import { fivePoints, landmarkPoints } from '../../src/kit/codec/lists/landmark-points.ts';
import { readImageFile, readStoredImage, type StoredImage } from '../../src/kit/image/image-file.ts';
import { decodeFile } from '../../src/kit/codec/read-file.ts';
import type { Params } from './contract.ts';

/** An image as it goes into the set: the file as it is, or a face cut out of it. */
export async function loadFace(path: string, params: Params, pointsFolder: string | undefined): Promise<StoredImage> {
  if (params.align === 'stored') return readStoredImage(path);
  const image = await decodePhotograph(readImageFile(path), path);
  const { imageSize } = params;
  const face =
    params.align === 'crop'
      ? cropFace(image, undefined, imageSize)
      : alignFace(image, readFivePoints(path, pointsFolder), imageSize);
  return { bytes: await encode(face, params), ...imageSize };
}

function readFivePoints(image: string, folder: string | undefined): readonly (readonly [number, number])[] {
  const name = `${basename(image, extname(image))}.pts`;
  const file = join(folder ?? '', name);
  if (folder === undefined || !existsSync(file)) {
    fail({
      code: 'missing-points',
      message: `expected ${name} with the points of this image, found no such file`,
      at: { file: image },
      hint: 'Bind the port points to the folder of the .pts files, or choose align: crop.',
    });
  }
  const points = decodeFile(landmarkPoints, file);
  return (
    fivePoints(points) ??
    fail({
      code: 'wrong-points',
      message: `expected 68 points, found ${points.points.length}`,
      at: { file },
      hint: 'Give .pts files of the 68 points of 300-W, or choose align: crop.',
    })
  );
}

async function encode(face: RgbImage, { encoding, quality }: Params): Promise<Uint8Array> {
  return encoding === 'png' ? encodePng(face, Math.min(9, quality)) : encodeJpeg(face, quality);
}
