import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../../core/failure.ts';
import type { ResultCache } from './result-cache.ts';

/** Copies results to a folder that another cache can import, or use as its second one. Gives the keys it has copied. */
export function exportResults(cache: ResultCache, keys: readonly string[], folder: string): string[] {
  mkdirSync(folder, { recursive: true });
  return keys.filter((key) => {
    const target = join(folder, key);
    if (existsSync(target)) return false;
    const partial = `${target}.partial`;
    rmSync(partial, { recursive: true, force: true });
    cpSync(cache.entryFolder(key), partial, { recursive: true, preserveTimestamps: true });
    renameSync(partial, target);
    return true;
  });
}

export interface Import {
  readonly imported: readonly string[];
  /** Were here already. */
  readonly known: readonly string[];
  readonly damaged: readonly { readonly key: string; readonly problem: string }[];
}

/** Takes results out of a folder that `exportResults` (or another cache) has filled; every byte is checked. */
export async function importResults(cache: ResultCache, folder: string): Promise<Import> {
  const imported: string[] = [];
  const known: string[] = [];
  const damaged: { key: string; problem: string }[] = [];
  for (const key of keysIn(folder)) {
    if ((await cache.find(key)).state === 'whole') {
      known.push(key);
      continue;
    }
    cache.drop(key);
    const lookup = await cache.adopt(key, folder);
    if (lookup.state === 'whole') imported.push(key);
    else damaged.push({ key, problem: lookup.state === 'damaged' ? lookup.problem : 'it is not there' });
  }
  return { imported, known, damaged };
}

function keysIn(folder: string): string[] {
  if (!existsSync(folder)) {
    fail({ code: 'unreadable-path', message: `cannot read ${folder}: it does not exist`, at: { file: folder } });
  }
  const keys = statSync(folder).isDirectory() ? readdirSync(folder).filter((name) => /^[0-9a-f]{64}$/.test(name)) : [];
  if (keys.length > 0) return keys;
  return fail({
    code: 'no-results-here',
    message: 'expected a folder of results, found none in it',
    at: { file: folder },
    hint: 'flow cache export FOLDER makes one; that of another cache will do too',
  });
}
