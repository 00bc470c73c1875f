import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { outputsFolderName } from './cache-entry.ts';
import { listTree } from './file-tree.ts';
import type { StoredResult } from './inventory.ts';
import type { ResultCache } from './result-cache.ts';

/** What may stay in a cache. */
export interface CacheLimits {
  /** All results together. */
  readonly bytes: number;
  /** Since the last use. */
  readonly ageMs: number;
  /** Results used within this time stay whatever the size: a run may be about to read them. */
  readonly freshMs: number;
}

export interface Garbage {
  readonly drop: readonly (StoredResult & { readonly why: 'broken' | 'old' | 'size' })[];
  readonly keep: readonly StoredResult[];
}

/** Decides what leaves a cache: what is broken, what was not used for too long, and then the longest unused until the rest fits. */
export function planGarbage(results: readonly StoredResult[], limits: CacheLimits, now: number): Garbage {
  const drop: (StoredResult & { why: 'broken' | 'old' | 'size' })[] = [];
  const keep: StoredResult[] = [];
  let bytes = 0;
  for (const result of [...results].sort((a, b) => b.usedAt - a.usedAt)) {
    const why = reasonToDrop(result, bytes, limits, now);
    if (why === undefined) {
      keep.push(result);
      bytes += result.bytes;
    } else drop.push({ ...result, why });
  }
  return { drop, keep };
}

function reasonToDrop(
  result: StoredResult,
  bytesBefore: number,
  limits: CacheLimits,
  now: number,
): 'broken' | 'old' | 'size' | undefined {
  if (result.pin !== undefined) return undefined;
  if (result.entry === undefined) return 'broken';
  const unusedMs = now - result.usedAt;
  if (unusedMs < limits.freshMs) return undefined;
  if (unusedMs > limits.ageMs) return 'old';
  return bytesBefore + result.bytes > limits.bytes ? 'size' : undefined;
}

/**
 * Bytes of the disk that dropping the given entries would free. Files that others share (hard links) free nothing until
 * the last of them is gone; the link in the object store does not count, it is taken away with the last.
 */
export function freedBytes(cache: ResultCache, keys: readonly string[]): number {
  const files = new Map<string, { bytes: number; links: number; found: number }>();
  for (const key of keys) {
    for (const { path, bytes } of filesOf(join(cache.entryFolder(key), outputsFolderName))) {
      const { dev, ino, nlink } = statSync(path);
      const name = `${dev}:${ino}`;
      const file = files.get(name) ?? { bytes, links: nlink, found: 0 };
      files.set(name, { ...file, found: file.found + 1 });
    }
  }
  const isShared = (bytes: number): number => (bytes >= smallestShared ? 1 : 0);
  return [...files.values()]
    .filter(({ bytes, links, found }) => found >= links - isShared(bytes))
    .reduce((sum, { bytes }) => sum + bytes, 0);
}

/** See object-store.ts: smaller files have no link there. */
const smallestShared = 4096;

function filesOf(folder: string): { path: string; bytes: number }[] {
  if (!existsSync(folder)) return [];
  const tree = listTree(folder);
  return tree.files.map((file) => ({ path: join(folder, file.path), bytes: file.bytes }));
}

/** Removes contents that no result uses any more. Gives the bytes that were freed. */
export function sweepObjects(objectsFolder: string): number {
  if (!existsSync(objectsFolder)) return 0;
  let freed = 0;
  for (const part of readdirSync(objectsFolder)) {
    for (const name of readdirSync(join(objectsFolder, part))) {
      const path = join(objectsFolder, part, name);
      const { nlink, size } = statSync(path);
      if (nlink > 1) continue;
      rmSync(path, { force: true });
      freed += size;
    }
  }
  return freed;
}

/**
 * Scratch folders that nobody has written to for a while: work of tasks that failed or were interrupted and never run
 * again. Callers take the lock of the key before they remove one.
 */
export function abandonedScratch(scratchFolder: string, olderThan: number): string[] {
  if (!existsSync(scratchFolder)) return [];
  return readdirSync(scratchFolder).filter((name) => lastChange(join(scratchFolder, name)) < olderThan);
}

function lastChange(folder: string): number {
  const stat = statSync(folder, { throwIfNoEntry: false });
  if (stat === undefined) return Infinity;
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(folder).map((name) => lastChange(join(folder, name))));
}
