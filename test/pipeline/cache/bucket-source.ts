import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readEntry, type CacheEntry } from '../../../src/pipeline/cache/cache-entry.ts';
import { listTree } from '../../../src/pipeline/cache/file-tree.ts';
import type { ResultSource } from '../../../src/pipeline/cache/source.ts';
import type { Key } from '../../../src/pipeline/plan/key-document.ts';

/**
 * As a source of an object store: a bucket of values by name, without folders, times or renames. A result is its files,
 * named by key and path, with a name that ends in `/` for each empty folder; its description comes last and makes it
 * visible.
 */
export function bucketSource(bucket: string): Required<ResultSource> {
  const put = (name: string, value: Uint8Array): void => {
    mkdirSync(bucket, { recursive: true });
    writeFileSync(objectPath(bucket, name), value);
  };
  const has = (key: Key): boolean => existsSync(objectPath(bucket, `${key}/entry.json`));
  return {
    check() {
      // A bucket is made by the first value in it.
    },
    lookUp(key) {
      if (!has(key)) return Promise.resolve(undefined);
      return Promise.resolve(parsed(readFileSync(objectPath(bucket, `${key}/entry.json`), 'utf8')));
    },
    fetch(key, folder) {
      if (!has(key)) return Promise.resolve(false);
      for (const name of readdirSync(bucket).map(decodeURIComponent)) {
        if (!name.startsWith(`${key}/`)) continue;
        const target = join(folder, name.slice(key.length + 1));
        mkdirSync(name.endsWith('/') ? target : dirname(target), { recursive: true });
        if (!name.endsWith('/')) copyFileSync(objectPath(bucket, name), target);
      }
      return Promise.resolve(true);
    },
    offer(key, folder) {
      if (has(key)) return Promise.resolve(false);
      if (readEntry(folder, key) === undefined) throw new Error(`${folder} does not hold the result of ${key}`);
      const tree = listTree(folder);
      for (const path of tree.emptyFolders) put(`${key}/${path}/`, new Uint8Array());
      const paths = tree.files.map((file) => file.path).filter((path) => path !== 'entry.json');
      for (const path of [...paths, 'entry.json']) put(`${key}/${path}`, readFileSync(join(folder, path)));
      return Promise.resolve(true);
    },
  };
}

export function objectPath(bucket: string, name: string): string {
  return join(bucket, encodeURIComponent(name));
}

function parsed(text: string): CacheEntry | undefined {
  try {
    return JSON.parse(text) as CacheEntry;
  } catch {
    return undefined;
  }
}
