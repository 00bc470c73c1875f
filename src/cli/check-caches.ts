import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { fail } from '../core/failure.ts';
import type { CacheFolders } from '../pipeline/cache/result-cache.ts';

/** Makes sure, before anything runs, that results can be stored, and that the second cache is where it is said to be. */
export function checkCaches({ entries, second }: CacheFolders): void {
  try {
    makeFolder(entries);
    accessSync(entries, constants.W_OK | constants.X_OK);
  } catch (error) {
    fail(
      {
        code: 'cache-not-writable',
        message: `expected a cache folder that can be made and written, found ${entries}: ${error instanceof Error ? error.message : String(error)}`,
        hint: 'name another folder in FLOW_CACHE',
      },
      error,
    );
  }
  if (second === undefined || statSync(second, { throwIfNoEntry: false })?.isDirectory() === true) return;
  fail({
    code: 'second-cache-missing',
    message: `expected a folder of results, found none: ${second}`,
    hint: 'mount the drive it lies on, or leave FLOW_SECOND_CACHE unset',
  });
}

/** One level at a time: the recursive way of Node never returns where nothing can be made, as below /proc. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    // Another run has made it meanwhile.
    if (!existsSync(path)) throw error;
  }
}
