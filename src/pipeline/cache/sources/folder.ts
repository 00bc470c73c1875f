import { cpSync, existsSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { makeOwnFolder, removeTree } from '../../../core/atomic-file.ts';
import { fail } from '../../../core/failure.ts';
import { inspectEntry } from '../cache-entry.ts';
import { failures } from '../failures.ts';
import type { ResultSource } from '../source.ts';

/** Results in a folder, stored as a cache stores its own: the cache of another workspace, or what was exported. */
export function folderSource(folder: string): Required<ResultSource> {
  return {
    check() {
      if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
        fail(failures.secondCacheMissing({ folder }));
      }
    },
    async lookUp(key) {
      const inspection = await inspectEntry(join(folder, key), key, 'stat');
      return inspection.state === 'whole' ? inspection.entry : undefined;
    },
    fetch(key, into) {
      const from = join(folder, key);
      if (!existsSync(from)) return Promise.resolve(false);
      copyTree(from, into);
      return Promise.resolve(true);
    },
    offer(key, from) {
      const target = join(folder, key);
      if (existsSync(target)) return Promise.resolve(false);
      const partial = `${target}.${process.pid}.partial`;
      removeTree(partial);
      makeOwnFolder(folder);
      copyTree(from, partial);
      return Promise.resolve(moveIn(partial, target));
    },
  };
}

/** False if another process has brought the same result there meanwhile. */
function moveIn(partial: string, target: string): boolean {
  try {
    renameSync(partial, target);
    return true;
  } catch (error) {
    removeTree(partial);
    if (existsSync(target)) return false;
    throw error;
  }
}

function copyTree(from: string, to: string): void {
  cpSync(from, to, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
}
