import { closeSync, readSync } from 'node:fs';
import type { ImageSource } from '../../src/kit/image/image.ts';
import { readPictureFile, type PictureRoom } from '../../src/kit/image/picture-file.ts';
import { openForReading } from '../../src/kit/codec/read-file.ts';
import type { Picture } from './picture-source.ts';

export interface LoadedPicture {
  readonly bytes: Uint8Array;
  /** What failures call it. */
  readonly source: ImageSource;
}

/** The bytes of a picture; they may lie in `room`, where the next picture replaces them. */
export function loadPicture({ path, within }: Picture, room: PictureRoom): LoadedPicture {
  if (within === undefined) return { bytes: readPictureFile(path, room), source: { file: path } };
  const { descriptor } = openForReading(path, 'tar archive');
  try {
    const bytes = Buffer.alloc(within.size);
    const got = readSync(descriptor, bytes, 0, within.size, within.offset);
    return { bytes: bytes.subarray(0, got), source: { file: path, offset: within.offset, what: within.name } };
  } finally {
    closeSync(descriptor);
  }
}

/** What people know a picture by. */
export function pictureName({ path, within }: Picture): string {
  return within === undefined ? path : `${path}: ${within.name}`;
}
