import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { fail } from '../core/failure.ts';
import type { ResultCache } from '../pipeline/cache/result-cache.ts';

/** Makes sure, before anything runs, that results can be stored, and that other sources of results are where they should be. */
export async function checkCaches({ folders: { entries }, sources }: ResultCache): Promise<void> {
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
  for (const source of sources) await source.check();
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
