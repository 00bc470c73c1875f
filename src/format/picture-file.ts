import { readFileSync } from 'node:fs';
import { fail } from '../base/failure.ts';
import { decodeImage, requireSound, type ImageSource } from './image.ts';

/** A picture as it is stored, and its size. */
export interface StoredPicture {
  readonly bytes: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** The first picture of a set; all others must have its size. */
export interface SizedPicture {
  readonly path: string;
  readonly width: number;
  readonly height: number;
}

/** The content of a picture file. Fails with `missing-image`. */
export function readPictureFile(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    return fail({ code: 'missing-image', message: 'expected a picture, found no file', at: { file: path } }, error);
  }
}

/** A picture file's bytes as they are, and its size; fails where it cannot be decoded. */
export function readStoredPicture(path: string): Promise<StoredPicture> {
  return storedPicture(readPictureFile(path), { file: path });
}

/** The same for bytes that come from elsewhere. */
export async function storedPicture(bytes: Uint8Array, source: ImageSource): Promise<StoredPicture> {
  const { width, height } = requireSound(bytes, source) ?? (await decodeImage(bytes, source));
  return { bytes, width, height };
}

/** All pictures of a packed set have one size: the network takes no other. */
export function requireEqualSize(
  size: { readonly width: number; readonly height: number },
  path: string,
  first: SizedPicture,
): void {
  if (size.width === first.width && size.height === first.height) return;
  fail({
    code: 'unequal-sizes',
    message: `the picture has ${size.width} x ${size.height} pixels, but ${first.path} has ${first.width} x ${first.height}; aligned pictures all have one size`,
    at: { file: path },
  });
}
