import { fail } from '../../../core/failure.ts';
import { readPackingList } from '../../codec/insightface/packing-list.ts';
import { devkitList } from '../../codec/megaface/devkit-list.ts';
import { decodeFile } from '../../codec/read-file.ts';
import { failures } from './failures.ts';
import type { FeatureStore } from './feature-store.ts';
import { imageKey, isDevkitList, lastParts } from './named-images.ts';

/** Images with features, in the order of a list. */
export interface ListedRows {
  readonly names: readonly string[];
  readonly rows: Uint32Array;
  /** Who each image shows: as the list says, else the folder that the image is in; empty without one. */
  readonly people: readonly string[];
  /** Images of the list that have no features; empty where they are a failure. */
  readonly missing: readonly string[];
}

export interface ListedRowsOptions {
  /** A packing list, or a list of MegaFace's development kit; default: all rows. */
  readonly list?: string | undefined;
  /** Parts of a path of the list that make the name of an image: 2 for FaceScrub, 3 for MegaFace. */
  readonly parts: number;
  /** Images of the list without features: a failure that tells of all of them, or they are left out. */
  readonly missing: 'fail' | 'skip';
}

/**
 * The rows of a store that a list names. Fails with `missing-features`, and with `repeated-feature` where the list or the store has a
 * name twice.
 */
export function listedRows(store: FeatureStore, { list, parts, missing }: ListedRowsOptions): ListedRows {
  const listed = list === undefined ? store.names.map((path) => ({ path })) : readListed(list);
  const find = nameFinder(store, parts);
  const wanted = listed.map(({ path, person }: Listed) => {
    return { name: find(path), person: person ?? lastParts(path, 2).split('/').slice(-2, -1)[0] ?? '' };
  });
  requireOnce(
    wanted.map(({ name }) => name),
    list ?? store.folder,
  );
  const absent = wanted.filter(({ name }) => store.rowOf(name) === undefined).map(({ name }) => name);
  if (absent.length > 0 && missing === 'fail') store.rowsOf(wanted.map(({ name }) => name));
  const gone = new Set(absent);
  const found = wanted.filter(({ name }) => !gone.has(name));
  return {
    names: found.map(({ name }) => name),
    rows: store.rowsOf(found.map(({ name }) => name)),
    people: found.map(({ person }) => person),
    missing: absent,
  };
}

/**
 * The name that the features have of a path of a list: the path, or the end of it, or that of the only image which differs in its ending
 * and in blanks alone, since the stage align writes others than the development kit lists. Without features the end of the path.
 */
function nameFinder(store: FeatureStore, parts: number): (path: string) => string {
  let byKey: Map<string, string | undefined> | undefined;
  return (path) => {
    const end = lastParts(path, parts);
    const exact = [path, end].find((name) => store.rowOf(name) !== undefined);
    if (exact !== undefined) return exact;
    byKey ??= namesByKey(store.names);
    return byKey.get(imageKey(end)) ?? end;
  };
}

/** Undefined of keys that several images have. */
function namesByKey(names: readonly string[]): Map<string, string | undefined> {
  const byKey = new Map<string, string | undefined>();
  for (const name of names) byKey.set(imageKey(name), byKey.has(imageKey(name)) ? undefined : name);
  return byKey;
}

interface Listed {
  readonly path: string;
  readonly person?: string | undefined;
}

function readListed(list: string): readonly Listed[] {
  if (!isDevkitList(list)) return Array.from(readPackingList(list), ({ path }) => ({ path }));
  const { paths, ids } = decodeFile(devkitList, list);
  return paths.map((path, index) => ({ path, person: ids?.[index] }));
}

function requireOnce(names: readonly string[], file: string): void {
  const known = new Set<string>();
  for (const [index, name] of names.entries()) {
    if (known.has(name)) fail(failures.repeatedFeature({ name, number: index + 1 }, { file }));
    known.add(name);
  }
}
