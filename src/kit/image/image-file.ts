import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { fail } from '../../core/failure.ts';
import { decodeImage, requireSound, type ImageSource } from './image.ts';

/** An image as it is stored, and its size. */
export interface StoredImage {
  readonly bytes: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** The first image of a set; all others must have its size. */
export interface SizedImage {
  readonly path: string;
  readonly width: number;
  readonly height: number;
}

/** The content of an image file, in `room` where there is one. Fails with `missing-image`. */
export function readImageFile(path: string, room?: ReusableBuffer): Uint8Array {
  try {
    return room === undefined ? readFileSync(path) : room.read(path);
  } catch (error) {
    return fail({ code: 'missing-image', message: 'expected an image, found no file', at: { file: path } }, error);
  }
}

/** Most aligned faces have a tenth of it. */
const firstRoomBytes = 1 << 16;

/** Memory that one image file after the other is read into, with no question for its size: half the time of readFileSync. */
export class ReusableBuffer {
  #bytes = Buffer.allocUnsafeSlow(firstRoomBytes);

  /** The content of a file; it stays as it is until the next call. */
  read(path: string): Uint8Array {
    const descriptor = openSync(path, 'r');
    try {
      for (let filled = 0; ;) {
        const got = readSync(descriptor, this.#bytes, filled, this.#bytes.length - filled, null);
        filled += got;
        // Less than asked for may also be all that a network folder gives at once: a file ends where nothing more comes.
        if (got === 0) return this.#bytes.subarray(0, filled);
        if (filled === this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes], 2 * filled);
      }
    } finally {
      closeSync(descriptor);
    }
  }
}

/** An image file's bytes as they are, and its size; fails where it cannot be decoded. */
export function readStoredImage(path: string): Promise<StoredImage> {
  return storedImage(readImageFile(path), { file: path });
}

/** The same for bytes that come from elsewhere. */
export async function storedImage(bytes: Uint8Array, source: ImageSource): Promise<StoredImage> {
  return checkedImage(bytes, source) ?? { bytes, ...sizeOf(await decodeImage(bytes, source)) };
}

/** The same for JPEG and PNG, whose structure is checked; `undefined` for formats that have to be decoded. */
export function checkedImage(bytes: Uint8Array, source: ImageSource): StoredImage | undefined {
  const header = requireSound(bytes, source);
  return header === undefined ? undefined : { bytes, ...sizeOf(header) };
}

function sizeOf({ width, height }: { readonly width: number; readonly height: number }): Omit<StoredImage, 'bytes'> {
  return { width, height };
}

/** All images of a packed set have one size: the network takes no other. */
export function requireEqualSize(
  size: { readonly width: number; readonly height: number },
  path: string,
  first: SizedImage,
): void {
  if (size.width === first.width && size.height === first.height) return;
  fail({
    code: 'unequal-sizes',
    message: `the image has ${size.width} x ${size.height} pixels, but ${first.path} has ${first.width} x ${first.height}; aligned images all have one size`,
    at: { file: path },
    hint: 'Bring the images to one size, or have the stage cut all of them to its imageSize.',
  });
}
