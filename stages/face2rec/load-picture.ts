import { closeSync, readSync } from 'node:fs';
import type { ImageSource } from '../../src/format/image.ts';
import { readPictureFile } from '../../src/format/picture-file.ts';
import { openForReading } from '../../src/format/read-file.ts';
import type { Picture } from './picture-source.ts';

/** The bytes of a picture, and what failures call it. */
export function loadPicture({ path, within }: Picture): { readonly bytes: Uint8Array; readonly source: ImageSource } {
  if (within === undefined) return { bytes: readPictureFile(path), source: { file: path } };
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
