import { fail } from '../../src/core/failure.ts';
import { noiseList } from '../../src/kit/codec/megaface/noise-list.ts';
import { decodeFile } from '../../src/kit/codec/read-file.ts';
import type { NameList } from '../../src/kit/face/features/feature-names.ts';
import { failures } from './failures.ts';

/** A list of noise beside the images that it may name. */
export interface NoiseMatch {
  /** Names of the list, repetitions counted. */
  readonly entries: number;
  readonly distinct: number;
  /** Names of the list that are those of images. */
  readonly matched: readonly string[];
  /** Names of the list that are those of no image. */
  readonly unused: readonly string[];
  /** Positions of the images that are noise, rising. */
  readonly noises: readonly number[];
}

export const noNoises: NoiseMatch = { entries: 0, distinct: 0, matched: [], unused: [], noises: [] };

/** Images as a list of noise may name them. */
export interface NoiseTargets {
  readonly what: 'probes' | 'distractors';
  readonly names: NameList;
}

/**
 * Which images a list of noise names: an entry means the images whose path ends with it, so that `Aaron_Eckhart_136.png` is
 * `Aaron_Eckhart/Aaron_Eckhart_136.png`. Fails with `noise-names-differ` if it names none, but would with other endings or in other
 * folders, and with `noise-lists-swapped` if it names the images of the other set instead.
 */
export function matchNoises(file: string, targets: NoiseTargets, others: NoiseTargets | undefined): NoiseMatch {
  const { names } = decodeFile(noiseList, file);
  const match = matchNames(names, targets.names);
  if (match.matched.length > 0 || names.length === 0) return match;
  const elsewhere = others === undefined ? 0 : matchNames(names, others.names).matched.length;
  if (others !== undefined && elsewhere > 0) {
    fail(failures.noiseListsSwapped({ own: targets.what, other: others.what, count: elsewhere }, { file }));
  }
  const similar = sameStems(names, targets.names);
  const [first] = similar;
  if (first !== undefined) {
    const facts = { what: targets.what, entries: match.distinct, count: similar.length, ...first };
    fail(failures.noiseNamesDiffer(facts, { file }));
  }
  return match;
}

function matchNames(entries: readonly string[], names: NameList): NoiseMatch {
  const wanted = new Set(entries);
  const depths = [...new Set(entries.map((entry) => entry.split('/').length))];
  const matched = new Set<string>();
  const noises: number[] = [];
  let position = 0;
  for (const name of names) {
    const parts = name.split('/');
    const found = depths.map((depth) => parts.slice(-depth).join('/')).filter((ending) => wanted.has(ending));
    for (const entry of found) matched.add(entry);
    if (found.length > 0) noises.push(position);
    position += 1;
  }
  const unused = [...wanted].filter((entry) => !matched.has(entry));
  return { entries: entries.length, distinct: wanted.size, matched: [...matched], unused, noises };
}

/** Entries whose file name without ending is that of an image. */
function sameStems(
  entries: readonly string[],
  names: NameList,
): readonly { readonly entry: string; readonly image: string }[] {
  const wanted = new Set(entries.map(stemOf));
  const images = new Map<string, string>();
  for (const name of names) {
    const stem = stemOf(name);
    if (wanted.has(stem)) images.set(stem, name);
  }
  return [...new Set(entries)].flatMap((entry) => {
    const image = images.get(stemOf(entry));
    return image === undefined ? [] : [{ entry, image }];
  });
}

function stemOf(name: string): string {
  const base = name.slice(name.lastIndexOf('/') + 1).replaceAll(' ', '_');
  const dot = base.lastIndexOf('.');
  return dot < 0 ? base : base.slice(0, dot);
}
