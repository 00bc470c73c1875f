import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';

/** More are not of use in a hint. */
const maxNames = 4;

/**
 * Names of files that a path which is not there may mean: that begin as its last part does, up to what some programs
 * write behind the name of a file (`model,0`, `weights.json#onet`). Empty where its folder is not there either.
 */
export function namesBeside(path: string): readonly string[] {
  const folder = dirname(path);
  const begins = basename(path).replace(/(?:,\d+|#[^#]*)$/, '');
  if (begins === '' || !existsSync(folder) || !statSync(folder).isDirectory()) return [];
  return readdirSync(folder)
    .filter((name) => name.startsWith(begins))
    .sort()
    .slice(0, maxNames);
}
