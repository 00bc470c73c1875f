import type { FileFormat } from '../codec.ts';
import { readZipDirectory, type ZipEntry } from './zip-directory.ts';

/** What a ZIP archive holds, by its directory; contents are unpacked by the stage `fetch`. */
export const zipArchive: FileFormat<readonly ZipEntry[]> = {
  name: 'zip-archive',
  title: 'ZIP archive (.zip)',
  summary: 'Files in one file, packed; data sets are published so, and fetch unpacks them.',
  endings: ['.zip'],
  sniff: (head) => Buffer.from(head.subarray(0, 4)).toString('latin1') === 'PK\x03\x04',
  decode(cursor) {
    const start = cursor.offset;
    const archive = cursor.take(cursor.remaining, 'an archive');
    return readZipDirectory(cursor.file, archive.length, (offset, length) =>
      archive.subarray(offset - start, offset - start + length),
    );
  },
};
