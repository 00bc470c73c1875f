import type { Key } from '../plan/key-document.ts';
import type { CacheEntry } from './cache-entry.ts';

/**
 * Where results may be found that are not in the cache of a workspace: a folder on a network drive, an object store.
 * Nothing that a source returns is believed: every byte of a fetched result is read before it enters the cache. A
 * source that cannot be reached rejects with a FailureError. `test/pipeline/cache/source-suite.ts` is the test that each
 * implementation registers with.
 */
export interface ResultSource {
  /** Throws a FailureError if the source does not exist: called once, before anything runs. */
  check(): void | Promise<void>;
  /** The description of the result of a key; undefined if the source does not have it, or not as it was stored. */
  lookUp(key: Key): Promise<CacheEntry | undefined>;
  /**
   * Copies the result of a key to a folder that does not exist yet: `entry.json` and `outputs/` as `ResultCache` stores
   * them. False if the source does not have it; what it has then written to the folder is removed by the caller.
   */
  fetch(key: Key, folder: string): Promise<boolean>;
  /**
   * Takes a copy of the folder of a whole result; readers of the source see all of it or nothing. False if the source
   * has a result of this key already. Absent if the source is only read.
   */
  offer?(key: Key, folder: string): Promise<boolean>;
}
