import { fail } from '../../src/core/failure.ts';
import { readFilledLines } from '../../src/kit/codec/text-lines.ts';
import { PackedDataset } from '../../src/kit/dataset/packed-dataset.ts';
import type { FeatureStore } from '../../src/kit/face/features/feature-store.ts';
import { failures } from './failures.ts';

/** Who is on the image of each row: the folder in its name, or the label in the packed set. */
export function peopleOf(store: FeatureStore, dataset: string | undefined): readonly (string | number)[] {
  if (dataset === undefined) return store.names.map(folderOf);
  const set = new PackedDataset(dataset);
  try {
    return store.names.map((name) => {
      const index = Number(name.slice(name.lastIndexOf('/') + 1));
      if (!Number.isInteger(index) || index < 0 || index >= set.imageCount) {
        const facts = { found: `a row is named ${name}`, expected: `a number below ${set.imageCount}` };
        return fail(failures.otherDataset(facts, { file: dataset }));
      }
      const { label } = set.readImage(index);
      return typeof label === 'number' ? label : (label[0] ?? 0);
    });
  } finally {
    set.close();
  }
}

/** An image that is in no folder is alone. */
function folderOf(name: string): string {
  const end = name.lastIndexOf('/');
  return end < 0 ? name : name.slice(0, end);
}

export interface Group {
  readonly name: string;
  readonly rows: Int32Array;
}

export interface Grouping {
  /** In the order in which the list names them. */
  readonly groups: readonly Group[];
  /** Names in the list that are no person and no image. */
  readonly unknown: number;
  /** Images in no group. */
  readonly without: number;
}

/** Reads which rows are in which group. Fails with `bad-groups`. */
export function readGroups(file: string, names: readonly string[], people: readonly (string | number)[]): Grouping {
  const groupOf = new Map<string, string>();
  for (const { text, number } of readFilledLines(file, 'list of groups')) {
    const [name, group, ...others] = text.split('\t').map((part) => part.trim());
    const place = { file, line: number, column: 1, length: text.length };
    if (name === undefined || group === undefined || group === '' || others.length > 0) {
      const problem = `expected a name, a tab and a group, found ${JSON.stringify(text)}`;
      return fail(failures.badGroups({ problem }, place));
    }
    const known = groupOf.get(name);
    if (known !== undefined && known !== group) {
      fail(failures.badGroups({ problem: `${name} is in the groups ${known} and ${group}` }, place));
    }
    groupOf.set(name, group);
  }
  const used = new Set<string>();
  const rows = new Map<string, number[]>([...groupOf.values()].map((group) => [group, []]));
  let without = 0;
  for (const [row, name] of names.entries()) {
    // An image by itself goes before its person.
    const key = [name, String(people[row])].find((each) => groupOf.has(each));
    if (key === undefined) without += 1;
    else {
      used.add(key);
      rows.get(groupOf.get(key) ?? '')?.push(row);
    }
  }
  if (used.size === 0) {
    const problem = `none of the ${groupOf.size} names is a person or an image of the features`;
    fail(failures.badGroups({ problem }, { file }));
  }
  const groups = [...rows].flatMap(([name, own]) => (own.length === 0 ? [] : [{ name, rows: Int32Array.from(own) }]));
  return { groups, unknown: groupOf.size - used.size, without };
}
