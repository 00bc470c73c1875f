import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
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
    return readSmallFile(path) ?? readFileSync(path);
  } catch (error) {
    return fail({ code: 'missing-image', message: 'expected a picture, found no file', at: { file: path } }, error);
  }
}

/** Files below this size are read into room that many of them share: most aligned faces have a tenth of it. */
const smallBytes = 1 << 16;
const roomBytes = 1 << 20;
let room = Buffer.alloc(0);

/** One read, no question for the size, no room of its own: half the time of readFileSync. Undefined for a larger file. */
function readSmallFile(path: string): Uint8Array | undefined {
  if (room.length < smallBytes) room = Buffer.allocUnsafeSlow(roomBytes);
  const descriptor = openSync(path, 'r');
  try {
    const bytes = readSync(descriptor, room, 0, smallBytes, null);
    // Less than asked for may also be all that a network folder gives at once.
    if (bytes === smallBytes || readSync(descriptor, room, bytes, smallBytes - bytes, null) > 0) return undefined;
    const content = room.subarray(0, bytes);
    room = room.subarray(bytes);
    return content;
  } finally {
    closeSync(descriptor);
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
