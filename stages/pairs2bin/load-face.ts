import { existsSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { fail } from '../../src/core/failure.ts';
import { alignFace } from '../../src/kit/face/align-face.ts';
import { cropFace } from '../../src/kit/face/crop-face.ts';
import { decodeImage, encodeJpeg, encodePng, type RgbImage } from '../../src/kit/image/image.ts';
import { fivePoints, landmarkPoints } from '../../src/kit/codec/lists/landmark-points.ts';
import { readImageFile, readStoredImage, type StoredImage } from '../../src/kit/image/image-file.ts';
import { decodeFile } from '../../src/kit/codec/read-file.ts';
import type { Params } from './contract.ts';
import { failures } from './failures.ts';

/** An image as it goes into the set: the file as it is, or a face cut out of it. */
export async function loadFace(path: string, params: Params, pointsFolder: string | undefined): Promise<StoredImage> {
  if (params.align === 'stored') return params.unreadable === 'drop' ? decodedWhole(path) : readStoredImage(path);
  const image = await decodeImage(readImageFile(path), path, { upright: true });
  const { imageSize } = params;
  const face =
    params.align === 'crop'
      ? cropFace(image, undefined, imageSize)
      : alignFace(image, readFivePoints(path, pointsFolder), imageSize);
  return { bytes: await encode(face, params), ...imageSize };
}

/** As it is stored, but known to be decodable to its end. */
async function decodedWhole(path: string): Promise<StoredImage> {
  const bytes = readImageFile(path);
  const { width, height } = await decodeImage(bytes, path);
  return { bytes, width, height };
}

function readFivePoints(image: string, folder: string | undefined): readonly (readonly [number, number])[] {
  const name = `${basename(image, extname(image))}.pts`;
  const file = join(folder ?? '', name);
  if (folder === undefined || !existsSync(file)) {
    fail(failures.missingPoints({ name }, { file: image }));
  }
  const points = decodeFile(landmarkPoints, file);
  return fivePoints(points) ?? fail(failures.wrongPoints({ count: points.points.length }, { file }));
}

async function encode(face: RgbImage, { encoding, quality }: Params): Promise<Uint8Array> {
  return encoding === 'png' ? encodePng(face, Math.min(9, quality)) : encodeJpeg(face, quality);
}
