import { closeSync, fstatSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { fail } from '../../core/failure.ts';
import { sniffBytes, type FileFormat } from './codec.ts';
import { Cursor } from './cursor.ts';
import { failures } from './failures.ts';

/** Reads and decodes a whole file. Fails with `missing-file` if it does not exist. */
export function decodeFile<Value>(format: FileFormat<Value>, path: string): Value {
  return format.decode(new Cursor(readBytes(path, format.title), path));
}

/** Node reads no larger file at once. */
export const maxWholeBytes = 2 ** 31 - 1;

/** The content of a file; failures call it `what`, the title of its format. Fails with `file-too-large` above 2 GiB. */
export function readBytes(path: string, what: string): Buffer {
  const size = requireFile(path, what);
  if (size > maxWholeBytes) {
    fail(failures.fileTooLarge({ what, size, max: maxWholeBytes }, { file: path }));
  }
  return readFileSync(path);
}

/** Opens a file that is read piece by piece. */
export function openForReading(path: string, what: string): { readonly descriptor: number; readonly size: number } {
  requireFile(path, what);
  const descriptor = openSync(path, 'r');
  return { descriptor, size: fstatSync(descriptor).size };
}

/** The first bytes of a file, as many as tell its format. */
export function readHead(path: string): Uint8Array {
  const descriptor = openSync(path, 'r');
  try {
    const head = Buffer.alloc(sniffBytes);
    return head.subarray(0, readSync(descriptor, head, 0, sniffBytes, 0));
  } finally {
    closeSync(descriptor);
  }
}

/** The size of a file that must exist. Fails with `missing-file`, `not-a-file`. */
export function requireFile(path: string, what: string): number {
  // Names come out of files too, and no file has such a one.
  const stat = path.includes('\0') ? undefined : statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) {
    fail(failures.missingFile({ what }, { file: path }));
  }
  if (!stat.isFile()) {
    fail(failures.notAFile({ what }, { file: path }));
  }
  return stat.size;
}
