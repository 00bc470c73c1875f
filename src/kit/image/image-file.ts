import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { fail } from '../../core/failure.ts';
import { failures } from './failures.ts';
import { decodeImage, requireSound, type ImageOrigin } from './image.ts';
import type { ImageSize } from './rgb-image.ts';

/** An encoded image, and its size. */
export interface StoredImage extends ImageSize {
  readonly bytes: Uint8Array;
}

/** The first image of a set; all others must have its size. */
export interface FirstImage extends ImageSize {
  readonly path: string;
}

/** The content of an image file, in `buffer` if one is given. Fails with `missing-image`. */
export function readImageFile(path: string, buffer?: ReusableBuffer): Uint8Array {
  try {
    return buffer === undefined ? readFileSync(path) : buffer.read(path);
  } catch (error) {
    return fail(failures.missingImage({}, { file: path }), error);
  }
}

/** Most aligned faces have a tenth of it. */
const firstBufferBytes = 1 << 16;

/** Memory that one image file after the other is read into, without asking for its size: half the time of readFileSync. */
export class ReusableBuffer {
  #bytes = Buffer.allocUnsafeSlow(firstBufferBytes);

  /** The content of a file; it stays as it is until the next call. */
  read(path: string): Uint8Array {
    const descriptor = openSync(path, 'r');
    try {
      for (let filled = 0; ;) {
        const got = readSync(descriptor, this.#bytes, filled, this.#bytes.length - filled, null);
        filled += got;
        // A network folder may return less than asked for: the file has ended if nothing more comes.
        if (got === 0) return this.#bytes.subarray(0, filled);
        if (filled === this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes], 2 * filled);
      }
    } finally {
      closeSync(descriptor);
    }
  }
}

/** The content of an image file and its size; fails if the image cannot be decoded. */
export function readStoredImage(path: string): Promise<StoredImage> {
  return storedImage(readImageFile(path), { file: path });
}

/** The same for bytes of another origin. */
export async function storedImage(bytes: Uint8Array, origin: ImageOrigin): Promise<StoredImage> {
  const checked = checkedImage(bytes, origin);
  if (checked !== undefined) return checked;
  const { width, height } = await decodeImage(bytes, origin);
  return { bytes, width, height };
}

/** The same for JPEG and PNG, whose structure is checked; `undefined` for formats that have to be decoded. */
export function checkedImage(bytes: Uint8Array, origin: ImageOrigin): StoredImage | undefined {
  const header = requireSound(bytes, origin);
  return header === undefined ? undefined : { bytes, width: header.width, height: header.height };
}

/** All images of a packed set have one size: the network takes no other. Fails with `unequal-sizes`. */
export function requireEqualSize(size: ImageSize, path: string, first: FirstImage): void {
  if (size.width === first.width && size.height === first.height) return;
  fail(failures.unequalSizes({ size, first }, { file: path }));
}
