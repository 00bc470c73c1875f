import { existsSync } from 'node:fs';
import { fail } from '../../core/failure.ts';
import type { Key } from '../plan/key-document.ts';
import { keysInFolder } from './cache-entry.ts';
import { failures } from './failures.ts';
import type { ResultCache } from './result-cache.ts';
import { folderSource } from './sources/folder.ts';

/** Copies results to a folder that another cache can import, or use as its second one. Returns the keys it has copied. */
export async function exportResults(cache: ResultCache, keys: readonly Key[], folder: string): Promise<Key[]> {
  const target = folderSource(folder);
  const copied: Key[] = [];
  for (const key of keys) if (await target.offer(key, cache.entryFolder(key))) copied.push(key);
  return copied;
}

export interface Import {
  readonly imported: readonly Key[];
  /** Were here already. */
  readonly known: readonly Key[];
  readonly damaged: readonly { readonly key: Key; readonly problem: string }[];
}

/** Takes results out of a folder that `exportResults` (or another cache) has filled; every byte is checked. */
export async function importResults(cache: ResultCache, folder: string): Promise<Import> {
  const imported: Key[] = [];
  const known: Key[] = [];
  const damaged: { key: Key; problem: string }[] = [];
  const source = folderSource(folder);
  for (const key of keysToImport(folder)) {
    if ((await cache.find(key)).state === 'whole') {
      known.push(key);
      continue;
    }
    cache.drop(key);
    const lookup = await cache.adopt(key, [source]);
    if (lookup.state === 'whole') imported.push(key);
    else damaged.push({ key, problem: lookup.state === 'damaged' ? lookup.problem : 'it is not there' });
  }
  return { imported, known, damaged };
}

function keysToImport(folder: string): Key[] {
  const at = { file: folder };
  if (!existsSync(folder)) fail(failures.unreadablePath({ path: folder, reason: 'it does not exist' }, at));
  const keys = keysInFolder(folder);
  return keys.length > 0 ? keys : fail(failures.noResultsHere({}, at));
}
