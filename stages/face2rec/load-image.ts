import { closeSync, readSync } from 'node:fs';
import type { ImageSource } from '../../src/kit/image/image.ts';
import { readImageFile, type ReusableBuffer } from '../../src/kit/image/image-file.ts';
import { openForReading } from '../../src/kit/codec/read-file.ts';
import type { Image } from './image-source.ts';

export interface LoadedImage {
  readonly bytes: Uint8Array;
  /** What failures call it. */
  readonly source: ImageSource;
}

/** The bytes of an image; they may lie in `room`, where the next image replaces them. */
export function loadImage({ path, within }: Image, room: ReusableBuffer): LoadedImage {
  if (within === undefined) return { bytes: readImageFile(path, room), source: { file: path } };
  const { descriptor } = openForReading(path, 'tar archive');
  try {
    const bytes = Buffer.alloc(within.size);
    const got = readSync(descriptor, bytes, 0, within.size, within.offset);
    return { bytes: bytes.subarray(0, got), source: { file: path, offset: within.offset, what: within.name } };
  } finally {
    closeSync(descriptor);
  }
}

/** What people know an image by. */
export function imageName({ path, within }: Image): string {
  return within === undefined ? path : `${path}: ${within.name}`;
}
