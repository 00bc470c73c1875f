import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { collectGarbage } from '../pipeline/cache/collect-garbage.ts';
import { cacheLimits } from './cache-limits.ts';
import type { ProcessContext } from './flow-command.ts';
import type { Workspace } from './workspace.ts';

const everyMs = 24 * 3_600_000;

/** Keeps the cache within its limits without anybody having to think of it: once a day, at the end of a run. */
export async function collectGarbageAfterRun(workspace: Workspace, surroundings: ProcessContext): Promise<void> {
  const { cache } = workspace;
  const marker = join(cache.folders.entries, '.collected');
  const last = statSync(marker, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const now = Date.now();
  if (now - last < everyMs) return;
  writeFileSync(marker, '');
  const locks = await workspace.openLocks('tidying');
  try {
    collectGarbage(cache, locks, { limits: cacheLimits(cache.folders.entries, surroundings), now, isDry: false });
  } finally {
    locks.close();
  }
}
