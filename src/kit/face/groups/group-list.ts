import { fail } from '../../../core/failure.ts';
import { readFilledLines, type TextLine } from '../../codec/text-lines.ts';
import { withoutExtension } from '../../dataset/image-folder.ts';
import { failures } from './failures.ts';

/** Which images are in which group. */
export interface Grouping {
  /** In the order in which the list names them; each has an image. */
  readonly groups: readonly string[];
  /** Of each image the position of its group; -1: in none. */
  readonly of: Int32Array;
  /** Names in the list that are no person and no image. */
  readonly unknown: number;
  /** Images in no group. */
  readonly without: number;
}

/**
 * Reads a list of two columns, separated by a tab (or a comma, where a line has no tab): the name of a person or of an image, and its group. `images`
 * has for each image what it can be called, the most precise first: its own name goes before its person. Extensions of image files do
 * not matter. Fails with `bad-groups`; `what` is what the images are of.
 */
export function readGrouping(file: string, images: readonly (readonly string[])[], what: string): Grouping {
  const groupOf = readGroupList(file);
  const groups = [...new Set(groupOf.values())];
  const used = new Set<string>();
  const of = Int32Array.from(images, (names) => {
    const keys = names.map(withoutExtension).filter((each) => groupOf.has(each));
    for (const each of keys) used.add(each);
    const [key] = keys;
    if (key === undefined) return -1;
    return groups.indexOf(groupOf.get(key) ?? '');
  });
  if (used.size === 0) {
    fail(
      failures.badGroups({ problem: `none of the ${groupOf.size} names is a person or an image of ${what}` }, { file }),
    );
  }
  const filled = groups.filter((_, group) => of.includes(group));
  return {
    groups: filled,
    of: of.map((group) => (group < 0 ? -1 : filled.indexOf(groups[group] ?? ''))),
    unknown: groupOf.size - used.size,
    without: of.filter((group) => group < 0).length,
  };
}

/** Groups by name. */
function readGroupList(file: string): ReadonlyMap<string, string> {
  const groupOf = new Map<string, string>();
  for (const line of readFilledLines(file, 'list of groups')) {
    const [name, group] = columnsOf(line);
    const known = groupOf.get(name);
    if (known !== undefined && known !== group) refuse(line, `${name} is in the groups ${known} and ${group}`);
    groupOf.set(name, group);
  }
  if (groupOf.size === 0) fail(failures.badGroups({ problem: 'the list of groups is empty' }, { file }));
  return groupOf;
}

function columnsOf(line: TextLine): readonly [name: string, group: string] {
  const separator = line.text.includes('\t') ? '\t' : ',';
  const [name = '', group = '', ...others] = line.text.split(separator).map((part) => part.trim());
  if (name !== '' && group !== '' && others.length === 0) return [withoutExtension(name), group];
  return refuse(line, `expected a name, a tab and a group, found ${JSON.stringify(line.text)}`);
}

function refuse({ file, number, text }: TextLine, problem: string): never {
  return fail(failures.badGroups({ problem }, { file, line: number, column: 1, length: text.length }));
}
