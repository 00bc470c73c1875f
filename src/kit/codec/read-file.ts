import { fstatSync, openSync, readFileSync, statSync } from 'node:fs';
import { fail } from '../../core/failure.ts';
import { humanBytes } from '../../core/human.ts';
import type { FileFormat } from './codec.ts';
import { Cursor } from './cursor.ts';

/** Reads and decodes a whole file. Fails with `missing-file` where there is none. */
export function decodeFile<Value>(format: FileFormat<Value>, path: string): Value {
  return format.decode(new Cursor(readBytes(path, format.title), path));
}

/** Node reads no larger file at once. */
export const maxWholeBytes = 2 ** 31 - 1;

/** The content of a file; `what` says what it should have been. Fails with `file-too-large` above 2 GiB. */
export function readBytes(path: string, what: string): Buffer {
  const size = requireFile(path, what);
  if (size > maxWholeBytes) {
    fail({
      code: 'file-too-large',
      message: `expected a ${what} of less than ${humanBytes(maxWholeBytes)}, since it is read at once; found one of ${humanBytes(size)}`,
      at: { file: path },
      hint: 'Split it into several files.',
    });
  }
  return readFileSync(path);
}

/** Opens a file that is read piece by piece. */
export function openForReading(path: string, what: string): { readonly descriptor: number; readonly size: number } {
  requireFile(path, what);
  const descriptor = openSync(path, 'r');
  return { descriptor, size: fstatSync(descriptor).size };
}

/** The size of a file that has to be there. */
function requireFile(path: string, what: string): number {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) {
    fail({ code: 'missing-file', message: `expected a ${what}, found no file`, at: { file: path } });
  }
  if (!stat.isFile()) {
    fail({ code: 'not-a-file', message: `expected a ${what}, found something that is not a file`, at: { file: path } });
  }
  return stat.size;
}
