import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../../core/atomic-file.ts';
import { entryFileName, readEntry, type CacheEntry } from './cache-entry.ts';
import type { ResultCache } from './result-cache.ts';

/** One result of the cache, as far as keeping it or not is concerned. */
export interface StoredResult {
  readonly key: string;
  /** Absent where the description is missing or cut off: such an entry is good for nothing. */
  readonly entry: CacheEntry | undefined;
  /** Milliseconds since the epoch. */
  readonly usedAt: number;
  readonly bytes: number;
  /** Why it must stay; undefined where it may go. */
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

function storedResult(cache: ResultCache, key: string): StoredResult {
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
export function pin(cache: ResultCache, key: string, reason: string): void {
  writeFileAtomic(join(cache.entryFolder(key), pinFileName), reason);
}

/** Takes the protection away. */
export function unpin(cache: ResultCache, key: string): void {
  rmSync(join(cache.entryFolder(key), pinFileName), { force: true });
}

function readPin(folder: string): string | undefined {
  const path = join(folder, pinFileName);
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}
