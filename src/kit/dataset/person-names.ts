import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { failures } from '../codec/failures.ts';
import { readFilledLines, refuseLine } from '../codec/text-lines.ts';

/*
 * names.txt beside train.rec: who the classes of a packed set are, which the formats of MXNet do not tell. A line for each
 * class, `class <TAB> name`; or names alone, the first line being class 0. UTF-8. Several
 * classes may have one name: a person who is in two sets that were merged.
 */
export const namesFile = 'names.txt';

/** The name of each class, by its number. */
export type PersonNames = ReadonlyMap<number, string>;

/** The names beside a packed set; undefined without the file. Fails with `damaged-list`. */
export function readPersonNames(folder: string): PersonNames | undefined {
  const path = join(folder, namesFile);
  if (!existsSync(path)) return undefined;
  const names = new Map<number, string>();
  let isNumbered: boolean | undefined;
  for (const line of readFilledLines(path, 'names of the classes of a packed set')) {
    const [, number, numberedName = ''] = /^(\d{1,9})\t(.+)$/.exec(line.text) ?? [];
    isNumbered ??= number !== undefined;
    if (isNumbered && number === undefined) refuseLine(line, failures.damagedList, '"class name", separated by a tab');
    const label = isNumbered ? Number(number) : names.size;
    const name = (isNumbered ? numberedName : line.text).trim();
    if (names.has(label)) refuseLine(line, failures.damagedList, `another class than ${label}, which has a name`);
    if (/[/\\\0\t]/.test(name) || name === '..' || name === '.') {
      refuseLine(line, failures.damagedList, 'a name that a folder can have');
    }
    names.set(label, name);
  }
  return names;
}

/** The content of the file. */
export function encodePersonNames(names: PersonNames): string {
  const lines = [...names].sort(([one], [other]) => one - other).map(([label, name]) => `${label}\t${name}\n`);
  return lines.join('');
}
