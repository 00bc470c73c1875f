import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Files below some folders of a repository whose paths end so (`.ts`), relative to it, in order. */
export function sourceFiles(root: string, folders: readonly string[], ending = '.ts'): string[] {
  const files = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path)),
  );
  return files.filter((path) => path.endsWith(ending)).sort();
}
