import { accessSync, constants, existsSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isForbidden, makeFolder, shareLike } from '../core/atomic-file.ts';
import { fail } from '../core/failure.ts';
import type { CacheLimits } from '../pipeline/cache/collect-garbage.ts';
import type { ResultCache } from '../pipeline/cache/result-cache.ts';
import { parseBytes, parseDuration } from '../pipeline/experiment/task-settings.ts';
import { failures } from './failures.ts';
import type { ProcessContext } from './flow-command.ts';
import type { Workspace } from './workspace.ts';

/** Makes sure, before anything runs, that results can be stored, and that other sources of results are where they should be. */
export async function checkCaches({ folders: { entries }, sources }: ResultCache): Promise<void> {
  try {
    makeFolder(entries);
    accessSync(entries, constants.W_OK | constants.X_OK);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    fail(failures.cacheNotWritable({ folder: entries, problem }), error);
  }
  for (const source of sources) await source.check();
}

const dayMs = 24 * 3_600_000;
const defaultBytes = 200 * 2 ** 30;
const defaultAgeMs = 180 * dayMs;

export interface RequestedLimits {
  readonly maxSize?: string | undefined;
  readonly maxAge?: string | undefined;
}

/**
 * What a cache may hold: as requested, as in `FLOW_CACHE_MAX_SIZE` and `FLOW_CACHE_MAX_AGE`, or 200 GiB, at most half of
 * its disk, and half a year. What was used within the last day stays unless limits are requested. Fails with `bad-limit`.
 */
export function cacheLimits(
  folder: string,
  { environment }: ProcessContext,
  requested: RequestedLimits = {},
): CacheLimits {
  const size = requested.maxSize ?? environment['FLOW_CACHE_MAX_SIZE'];
  const age = requested.maxAge ?? environment['FLOW_CACHE_MAX_AGE'];
  return {
    bytes: size === undefined ? Math.min(defaultBytes, diskBytes(folder) / 2) : readBytes(size),
    ageMs: age === undefined ? defaultAgeMs : readAge(age),
    // Explicit limits have no grace period.
    freshMs: requested.maxSize === undefined && requested.maxAge === undefined ? dayMs : 0,
  };
}

function diskBytes(folder: string): number {
  const there = existsSync(folder) ? folder : dirname(folder);
  if (!existsSync(there)) return Infinity;
  const { blocks, bsize } = statfsSync(there);
  return blocks * bsize;
}

function readBytes(text: string): number {
  if (text === '0') return 0;
  const expected = 'an amount such as 50 GiB, or 0';
  return parseBytes(text) ?? fail(failures.badLimit({ what: 'size', expected, found: text }));
}

function readAge(text: string): number {
  const expected = 'a time such as 30 d or 12 h';
  return parseDuration(text) ?? fail(failures.badLimit({ what: 'age', expected, found: text }));
}

const everyMs = 24 * 3_600_000;

/**
 * Keeps the cache within its limits, once a day at the end of a run. Not if the time may be wrong: when nothing was used
 * for very long before this run, or in the future, all that is there would count as old.
 */
export async function collectGarbageAfterRun(
  workspace: Workspace,
  context: ProcessContext,
  startedAt: number,
): Promise<void> {
  const { cache } = workspace;
  const marker = join(cache.folders.entries, '.collected');
  const last = statSync(marker, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const now = Date.now();
  if (Math.abs(now - last) < everyMs || !mark(marker)) return;
  const { collectGarbage, listResults } = await import('../pipeline/cache/collect-garbage.ts');
  const limits = cacheLimits(cache.folders.entries, context);
  const before = listResults(cache).filter(({ usedAt }) => usedAt < startedAt || usedAt > now);
  const lastUse = Math.max(0, ...before.map(({ usedAt }) => usedAt));
  if (before.length > 0 && (lastUse > now + everyMs || lastUse < now - limits.ageMs)) return;
  const locks = await workspace.openLocks('gc');
  try {
    collectGarbage(cache, locks, { limits, now, isDry: false });
  } finally {
    locks.close();
  }
}

/** Writes down that the cache is collected now; false if that is for another user to do. */
function mark(marker: string): boolean {
  try {
    writeFileSync(marker, '');
    shareLike(dirname(marker), marker);
    return true;
  } catch (error) {
    if (isForbidden(error)) return false;
    throw error;
  }
}
