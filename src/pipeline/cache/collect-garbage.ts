import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { abandonedScratch, freedBytes, planGarbage, sweepObjects, type CacheLimits, type Garbage } from './garbage.ts';
import { listResults } from './inventory.ts';
import type { ResultCache } from './result-cache.ts';
import type { TaskLocks } from './task-locks.ts';

/** Scratch folders are kept so long for tasks that may go on from a checkpoint. */
const scratchMs = 14 * 24 * 3_600_000;

export interface Collection extends Garbage {
  /** Bytes of the disk that are free now, or would be. */
  readonly freedBytes: number;
  /** Scratch folders that were removed, or would be. */
  readonly scratch: readonly string[];
}

export interface CollectionRequest {
  readonly limits: CacheLimits;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Only say what would go. */
  readonly isDry: boolean;
}

/** Brings a cache within its limits. A result that somebody computes anew right now, or is about to, is left alone. */
export function collectGarbage(cache: ResultCache, locks: TaskLocks, request: CollectionRequest): Collection {
  const garbage = planGarbage(listResults(cache), request.limits, request.now);
  const keys = garbage.drop.map(({ key }) => key);
  const scratch = abandonedScratch(cache.folders.scratch, request.now - scratchMs);
  const collection = { ...garbage, freedBytes: freedBytes(cache, keys), scratch };
  if (request.isDry) return collection;
  for (const key of keys) {
    locked(locks, key, () => {
      cache.drop(key);
    });
  }
  for (const name of scratch) {
    locked(locks, name.slice(0, 64), () => {
      rmSync(join(cache.folders.scratch, name), { recursive: true, force: true });
    });
  }
  sweepObjects(cache.objectsFolder);
  return collection;
}

function locked(locks: TaskLocks, key: string, act: () => void): void {
  const attempt = locks.tryAcquire(key);
  if (attempt.outcome !== 'acquired') return;
  try {
    act();
  } finally {
    attempt.lock.release();
  }
}
