import { fail } from '../../../core/failure.ts';
import { readPackingList } from '../../codec/insightface/packing-list.ts';
import { devkitList } from '../../codec/megaface/devkit-list.ts';
import { decodeFile } from '../../codec/read-file.ts';
import { failures } from './failures.ts';
import type { NameList } from './feature-names.ts';
import type { FeatureStore } from './feature-store.ts';
import { imageKey, isDevkitList, lastParts } from './named-images.ts';

/** Images with features, in the order of a list. */
export interface ListedRows {
  readonly names: NameList;
  readonly rows: Uint32Array;
  /** Who each image shows: as the list says, else the folder that the image is in; empty without one. */
  readonly people: NameList;
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
  if (list === undefined) return allRows(store);
  const listed = readListed(list);
  const find = namesOf(store, listed, parts);
  const wanted = listed.map(({ path, person }) => {
    const { name, row } = find(path);
    return { name, row, person: person ?? folderIn(path) };
  });
  requireOnce(
    wanted.map(({ name }) => name),
    list,
  );
  const absent = wanted.filter(({ row }) => row === undefined).map(({ name }) => name);
  if (absent.length > 0 && missing === 'fail') {
    fail(failures.missingFeatures({ names: absent, wanted: wanted.length }, { file: store.folder }));
  }
  const found = wanted.filter(({ row }) => row !== undefined);
  return {
    names: found.map(({ name }) => name),
    rows: Uint32Array.from(found, ({ row }) => row ?? 0),
    people: found.map(({ person }) => person),
    missing: absent,
  };
}

/** All that the store has, none of it in memory but the numbers of the rows. */
function allRows({ names, rows }: FeatureStore): ListedRows {
  names.requireDifferent();
  const people: NameList = {
    length: rows,
    at: (row) => {
      const name = names.at(row);
      return name === undefined ? undefined : folderIn(name);
    },
    *[Symbol.iterator]() {
      for (const name of names) yield folderIn(name);
    },
  };
  return { names, rows: Uint32Array.from({ length: rows }, (_, row) => row), people, missing: [] };
}

function folderIn(path: string): string {
  return lastParts(path, 2).split('/').slice(-2, -1)[0] ?? '';
}

/** What a path of a list is called by the features, and its row. */
interface NamedRow {
  readonly name: string;
  readonly row: number | undefined;
}

/**
 * The name that the features have of a path of a list: the path, or the end of it, or that of the only image which differs in its ending
 * and in blanks alone, since the stage align writes others than the development kit lists. Without features the end of the path.
 */
function namesOf(store: FeatureStore, listed: readonly Listed[], parts: number): (path: string) => NamedRow {
  const paths = listed.map(({ path }) => path);
  const ends = paths.map((path) => lastParts(path, parts));
  const rows = store.find([...paths, ...ends]);
  const others = ends.filter((end, place) => !rows.has(paths[place] ?? '') && !rows.has(end));
  const byKey = rowsByKey(store.names, new Set(others.map(imageKey)));
  return (path) => {
    const end = lastParts(path, parts);
    const exact = [path, end].find((name) => rows.has(name));
    if (exact !== undefined) return { name: exact, row: rows.get(exact) };
    return byKey.get(imageKey(end)) ?? { name: end, row: undefined };
  };
}

/** Undefined of keys that several images have. */
function rowsByKey(names: NameList, wanted: ReadonlySet<string>): ReadonlyMap<string, NamedRow | undefined> {
  const byKey = new Map<string, NamedRow | undefined>();
  if (wanted.size === 0) return byKey;
  let row = 0;
  for (const name of names) {
    const key = imageKey(name);
    if (wanted.has(key)) byKey.set(key, byKey.has(key) ? undefined : { name, row });
    row += 1;
  }
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
