import { fstatSync, openSync, readFileSync, statSync } from 'node:fs';
import { fail } from '../base/failure.ts';
import type { FileFormat } from './codec.ts';
import { Cursor } from './cursor.ts';

/** Reads and decodes a whole file. Fails with `missing-file` where there is none. */
export function decodeFile<Value>(format: FileFormat<Value>, path: string): Value {
  return format.decode(new Cursor(readBytes(path, format.title), path));
}

/** The content of a file; `what` says what it should have been. */
export function readBytes(path: string, what: string): Buffer {
  requireFile(path, what);
  return readFileSync(path);
}

/** Opens a file that is read piece by piece. */
export function openForReading(path: string, what: string): { readonly descriptor: number; readonly size: number } {
  requireFile(path, what);
  const descriptor = openSync(path, 'r');
  return { descriptor, size: fstatSync(descriptor).size };
}

function requireFile(path: string, what: string): void {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) {
    fail({ code: 'missing-file', message: `expected a ${what}, found no file`, at: { file: path } });
  }
  if (!stat.isFile()) {
    fail({ code: 'not-a-file', message: `expected a ${what}, found something that is not a file`, at: { file: path } });
  }
}
