import { closeSync, openSync, writeSync } from 'node:fs';
import { errorCode, fail } from '../core/failure.ts';
import { failures } from './failures.ts';

/**
 * Never overwrites a file, not even one that appears in the same moment. Fails with `file-exists`, which shows the
 * `usage` that names another.
 */
export function writeNew(path: string, text: string, usage: string): void {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'wx');
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
    return fail(failures.fileExists({ path, usage }));
  }
  writeSync(descriptor, text);
  closeSync(descriptor);
}
