import { basename, dirname, isAbsolute, join } from 'node:path';
import { fail } from '../../src/base/failure.ts';
import type { ImageFolder } from '../../src/format/image-folder.ts';
import type { PackingList } from '../../src/format/packing-list.ts';

/** One picture to pack. */
export interface Picture {
  readonly path: string;
  /** Class in the packed set, from 0. */
  readonly label: number;
  /** Name of the folder the picture lies in. */
  readonly identity: string;
  readonly aligned: boolean;
}

/** What goes into a training set, and what was left out of it and why. */
export interface PackingPlan {
  readonly pictures: readonly Picture[];
  readonly identities: number;
  /** Left out because the packed pairs show them. */
  readonly heldOut: readonly string[];
  /** Left out because they have too few pictures. */
  readonly tooFew: readonly string[];
}

/** Every picture of a folder, identities labelled from 0 in the order of their names. */
export function picturesOfFolder(images: ImageFolder): Picture[] {
  return images.identities.flatMap(({ name, pictures }, label) =>
    pictures.map((file) => ({ path: join(images.folder, name, file), label, identity: name, aligned: true })),
  );
}

/** The pictures of a list; its relative paths are relative to the folder of pictures. */
export function picturesOfList(list: PackingList, folder: string, file: string): Picture[] {
  const entries =
    list.form === 'face2rec2'
      ? list.entries
      : list.entries.map(({ path, labels, line }) => ({ aligned: true, path, label: labels[0] ?? 0, line }));
  requireGrouped(entries, file);
  return entries.map(({ path, label, aligned }) => ({
    path: isAbsolute(path) ? path : join(folder, path),
    label,
    identity: basename(dirname(path)),
    aligned,
  }));
}

/**
 * Leaves out whom the pairs show and who has too few pictures. Labels stay as they are if nobody is left out, and
 * are numbered anew from 0, in the same order, otherwise.
 */
export function planPacking(
  candidates: readonly Picture[],
  held: ReadonlySet<string>,
  minImagesPerIdentity: number,
): PackingPlan {
  const free = candidates.filter((picture) => !held.has(picture.identity));
  const counts = new Map<number, number>();
  for (const { label } of free) counts.set(label, (counts.get(label) ?? 0) + 1);
  const kept = free.filter(({ label }) => (counts.get(label) ?? 0) >= minImagesPerIdentity);
  const pictures = kept.length === candidates.length ? kept : renumber(kept);
  return {
    pictures,
    identities: new Set(pictures.map(({ label }) => label)).size,
    heldOut: namesOf(candidates.filter((picture) => held.has(picture.identity))),
    tooFew: namesOf(free.filter(({ label }) => (counts.get(label) ?? 0) < minImagesPerIdentity)),
  };
}

/** People who are in both sets; must be none. */
export function peopleInBoth(pictures: readonly Picture[], people: ReadonlySet<string>): string[] {
  return namesOf(pictures.filter(({ identity }) => people.has(identity)));
}

function renumber(pictures: readonly Picture[]): Picture[] {
  const numbers = new Map<number, number>();
  return pictures.map((picture) => {
    const label = numbers.get(picture.label) ?? numbers.size;
    numbers.set(picture.label, label);
    return { ...picture, label };
  });
}

function namesOf(pictures: readonly Picture[]): string[] {
  return [...new Set(pictures.map(({ identity }) => identity))];
}

interface LabelledLine {
  readonly label: number;
  readonly line: number;
}

/** A label that comes back later would make a second identity out of one person. */
function requireGrouped(entries: readonly LabelledLine[], file: string): void {
  const seen = new Set<number>();
  let last: number | undefined;
  for (const { label, line } of entries) {
    if (!Number.isInteger(label) || label < 0) {
      refuse('damaged-list', `expected a label that is a whole number from 0 on, found ${label}`, file, line);
    }
    if (label !== last && seen.has(label)) {
      refuse(
        'list-not-grouped',
        `label ${label} comes back after other labels; all pictures of an identity must follow each other`,
        file,
        line,
      );
    }
    seen.add(label);
    last = label;
  }
}

function refuse(code: string, message: string, file: string, line: number): never {
  fail({ code, message, at: { file, line, column: 1, length: 1 }, hint: 'Sort the list by label.' });
}
