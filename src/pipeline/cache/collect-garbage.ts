import { existsSync, lstatSync, readdirSync, readFileSync, rmSync, statSync, type Stats } from 'node:fs';
import { basename, join } from 'node:path';
import { isForbidden, removeTree, writeFileAtomic } from '../../core/atomic-file.ts';
import { errorCode } from '../../core/failure.ts';
import { isSqliteError } from '../../core/sqlite.ts';
import { keyAtStartOf, type Key } from '../plan/key-document.ts';
import { entryFileName, outputsFolderName, readEntry, type CacheEntry } from './cache-entry.ts';
import { listTree } from './file-tree.ts';
import { checkpointFileName, minSharedBytes } from './scratch-folder.ts';
import type { ResultCache } from './result-cache.ts';
import type { TaskLock, TaskLocks } from './task-locks.ts';

/** One result of the cache, as far as keeping it or not is concerned. */
export interface StoredResult {
  readonly key: Key;
  /** Absent if the description is missing or cut off: such an entry is unusable. */
  readonly entry: CacheEntry | undefined;
  /** Milliseconds since the epoch. */
  readonly usedAt: number;
  readonly bytes: number;
  /** Why it must stay; undefined if it may go. */
  readonly pin: string | undefined;
}

const pinFileName = 'pin';

/** Everything in a cache, the latest used first. */
export function listResults(cache: ResultCache): StoredResult[] {
  return cache
    .keys()
    .map((key) => storedResult(cache, key))
    .sort((a, b) => b.usedAt - a.usedAt);
}

function storedResult(cache: ResultCache, key: Key): StoredResult {
  const folder = cache.entryFolder(key);
  const entry = readEntry(folder, key);
  const outputs = Object.values(entry?.outputs ?? {});
  return {
    key,
    entry,
    usedAt: statSync(join(folder, entryFileName), { throwIfNoEntry: false })?.mtimeMs ?? 0,
    bytes: outputs.reduce((sum, output) => sum + output.bytes, 0),
    pin: readPin(folder),
  };
}

/** Protects a result from leaving the cache. */
export function pin(cache: ResultCache, key: Key, reason: string): void {
  writeFileAtomic(join(cache.entryFolder(key), pinFileName), reason);
}

/** Takes the protection away. */
export function unpin(cache: ResultCache, key: Key): void {
  rmSync(join(cache.entryFolder(key), pinFileName), { force: true });
}

function readPin(folder: string): string | undefined {
  const path = join(folder, pinFileName);
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

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

/** How long scratch folders are kept, for tasks that may resume from a checkpoint. */
const scratchMs = 14 * 24 * 3_600_000;

export interface Collection extends Garbage {
  /** Bytes of the disk that are free now, or would be; those of scratch folders are among them. */
  readonly freedBytes: number;
  /** Scratch folders that were removed, or would be. */
  readonly scratch: readonly string[];
  /** What could not be removed, and why. */
  readonly stuck: readonly { readonly path: string; readonly problem: string }[];
}

export interface CollectionRequest {
  readonly limits: CacheLimits;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Only tell what would be removed. */
  readonly isDry: boolean;
  /** Called when the scratch folders are gone, and before results go; throws if those must stay. */
  readonly beforeResults?: () => void;
}

/**
 * Brings a cache within its limits. A result that a run computes right now, or is about to, is left alone. Scratch
 * folders go first, for which no room on the disk is needed.
 */
export function collectGarbage(cache: ResultCache, locks: TaskLocks, request: CollectionRequest): Collection {
  const { limits, now, isDry, beforeResults = () => undefined } = request;
  const remover = new Remover(locks, isDry);
  const scratch = abandonedScratch(cache.folders.scratch, now - scratchMs).flatMap(({ name, key }) => {
    const path = join(cache.folders.scratch, name);
    const bytes = treeBytes(path);
    const isGone = remover.remove(key, path, () => {
      // Until we had the lock, a task may have left a checkpoint there.
      if (!isAbandoned(path, key, now - scratchMs)) return false;
      removeTree(path);
      return true;
    });
    return isGone ? [{ name, bytes }] : [];
  });
  beforeResults();
  const garbage = planGarbage(listResults(cache), limits, now);
  const keys = garbage.drop.map(({ key }) => key);
  const scratchBytes = scratch.reduce((sum, { bytes }) => sum + bytes, 0);
  const freed = freedBytes(cache, keys) + scratchBytes;
  for (const key of keys) {
    remover.remove(key, cache.entryFolder(key), () => {
      cache.drop(key);
      return true;
    });
  }
  if (!isDry) cache.sweepObjects();
  const { stuck } = remover;
  return { ...garbage, freedBytes: freed, scratch: scratch.map(({ name }) => name), stuck };
}

/** Removes what no task works on, and goes on after what cannot be removed. */
class Remover {
  readonly stuck: { readonly path: string; readonly problem: string }[] = [];
  readonly #locks: TaskLocks;
  readonly #isDry: boolean;

  constructor(locks: TaskLocks, isDry: boolean) {
    this.#locks = locks;
    this.#isDry = isDry;
  }

  /**
   * False where it stays: a task works on it, or it could not be removed.
   * @param act removes it, or returns false where it is of use after all
   */
  remove(key: Key, path: string, act: () => boolean): boolean {
    if (this.#isDry) return this.#locks.isFree(key);
    const lock = this.#acquire(key);
    if (lock === undefined) return false;
    try {
      return act();
    } catch (error) {
      if (errorCode(error) === undefined) throw error;
      this.stuck.push({ path, problem: error instanceof Error ? error.message : String(error) });
      return false;
    } finally {
      lock.release();
    }
  }

  /** On a full disk no lock can be written, neither by us nor by a run: it is enough that it is free. */
  #acquire(key: Key): Pick<TaskLock, 'release'> | undefined {
    try {
      const attempt = this.#locks.tryAcquire(key);
      return attempt.outcome === 'acquired' ? attempt.lock : undefined;
    } catch (error) {
      if (!isSqliteError(error, 'SQLITE_FULL', 'SQLITE_IOERR') || !this.#locks.isFree(key)) throw error;
      return { release: () => undefined };
    }
  }
}

/** Decides what leaves a cache: what is broken, what was not used for too long, and then the longest unused until the rest fits. */
export function planGarbage(results: readonly StoredResult[], limits: CacheLimits, now: number): Garbage {
  const drop: (StoredResult & { why: 'broken' | 'old' | 'size' })[] = [];
  const keep: StoredResult[] = [];
  let bytes = 0;
  for (const result of [...results].sort((a, b) => b.usedAt - a.usedAt)) {
    const why = reasonToDrop(result, { bytesBefore: bytes, now }, limits);
    if (why === undefined) {
      keep.push(result);
      bytes += result.bytes;
    } else drop.push({ ...result, why });
  }
  return { drop, keep };
}

function reasonToDrop(
  result: StoredResult,
  { bytesBefore, now }: { readonly bytesBefore: number; readonly now: number },
  limits: CacheLimits,
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
export function freedBytes(cache: ResultCache, keys: readonly Key[]): number {
  const files = new Map<string, { bytes: number; links: number; found: number }>();
  for (const key of keys) {
    for (const { path, bytes } of filesOf(join(cache.entryFolder(key), outputsFolderName))) {
      const { dev, ino, nlink } = statSync(path);
      const name = `${dev}:${ino}`;
      const file = files.get(name) ?? { bytes, links: nlink, found: 0 };
      files.set(name, { ...file, found: file.found + 1 });
    }
  }
  const isShared = (bytes: number): number => (bytes >= minSharedBytes ? 1 : 0);
  return [...files.values()]
    .filter(({ bytes, links, found }) => found >= links - isShared(bytes))
    .reduce((sum, { bytes }) => sum + bytes, 0);
}

function filesOf(folder: string): { path: string; bytes: number }[] {
  if (!existsSync(folder)) return [];
  const tree = listTree(folder);
  return tree.files.map((file) => ({ path: join(folder, file.path), bytes: file.bytes }));
}

/**
 * Scratch folders that are of no use: of tasks that failed, or whose runner was killed, before their first checkpoint,
 * and those that were not written to for a while. Callers take the lock of the key before they remove one.
 */
export function abandonedScratch(
  scratchFolder: string,
  olderThan: number,
): { readonly name: string; readonly key: Key }[] {
  if (!existsSync(scratchFolder)) return [];
  return readdirSync(scratchFolder).flatMap((name) => {
    const key = keyAtStartOf(name);
    if (key === undefined) return [];
    return isAbandoned(join(scratchFolder, name), key, olderThan) ? [{ name, key }] : [];
  });
}

/** Whether no task of its key resumes from a scratch folder: it has no checkpoint, or is old. */
function isAbandoned(path: string, key: Key, olderThan: number): boolean {
  const isUseless = basename(path) === key && !existsSync(join(path, checkpointFileName));
  return isUseless || lastChange(path) < olderThan;
}

function lastChange(path: string): number {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return Infinity;
  return Math.max(stat.mtimeMs, ...namesIn(path, stat).map((name) => lastChange(join(path, name))));
}

function treeBytes(path: string): number {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  const own = stat.isFile() && stat.nlink === 1 ? stat.size : 0;
  return namesIn(path, stat).reduce((sum, name) => sum + treeBytes(join(path, name)), own);
}

/** None in a folder that may not be read. */
function namesIn(path: string, stat: Stats): string[] {
  if (!stat.isDirectory()) return [];
  try {
    return readdirSync(path);
  } catch (error) {
    if (isForbidden(error)) return [];
    throw error;
  }
}
