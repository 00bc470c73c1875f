import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * The files that are read along with the one at `path` (absolute), sorted: of `model-0000.params` the `model-symbol.json`
 * beside it, by the endings of files that belong together, `*` for any digits: `-symbol.json`, `-*.params`.
 */
export function companionFiles(path: string, endings: readonly string[]): string[] {
  const patterns = endings.map(patternOf);
  const name = basename(path);
  const pattern = patterns.find((each) => each.test(name));
  if (pattern === undefined) return [];
  const beginning = name.replace(pattern, '');
  const belongs = (other: string): boolean =>
    other !== name && patterns.some((each) => each.test(other) && other.replace(each, '') === beginning);
  return namesIn(dirname(path))
    .filter(belongs)
    .sort()
    .map((other) => join(dirname(path), other));
}

function patternOf(ending: string): RegExp {
  const literal = ending.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`${literal.join('\\d+')}$`);
}

/** Empty if the folder does not exist: that the input is missing is reported elsewhere. */
function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}
