import { fail } from '../../src/core/failure.ts';
import { Random } from '../../src/core/random.ts';
import type { FeatureStore } from '../../src/kit/face/features/feature-store.ts';
import { requireUnitRows } from '../../src/kit/face/similarity/stored-vectors.ts';
import { chosenVectors, type VectorSource } from '../../src/kit/face/similarity/vector-source.ts';
import { failures } from './failures.ts';
import { readList } from './read-list.ts';

/** A set of distractors to evaluate with. */
export interface DistractorSet {
  readonly size: number;
  /** From 1 on, for each size. */
  readonly set: number;
  /** Rows of the store. */
  readonly rows: Uint32Array;
}

export interface SetRequest {
  readonly store: FeatureStore;
  /** Lists of the development kit; where there are any they are the sets. */
  readonly lists: readonly string[];
  readonly sizes: readonly number[];
  readonly sets: number;
  readonly seed: number;
}

/** Fails with `too-few-distractors`, `unusable-list`, and with `missing-features`, which tells of all that are missing. */
export function distractorSets({ store, lists, sizes, sets, seed }: SetRequest): readonly DistractorSet[] {
  if (lists.length > 0) {
    const seen = new Map<number, number>();
    return lists.map((list) => {
      const rows = store.rowsOf(readList(list).paths);
      const set = (seen.get(rows.length) ?? 0) + 1;
      seen.set(rows.length, set);
      return { size: rows.length, set, rows };
    });
  }
  const chosen = sizes.length > 0 ? sizes : defaultSizes(store.rows);
  return chosen.flatMap((size) => {
    if (size > store.rows) {
      fail(failures.tooFewDistractors({ asked: size, found: store.rows }, { file: store.folder }));
    }
    const count = size === store.rows ? 1 : sets;
    return Array.from({ length: count }, (_, index) => {
      return { size, set: index + 1, rows: drawRows(store.rows, size, Random.derive(seed, `set ${size} ${index}`)) };
    });
  });
}

function defaultSizes(all: number): readonly number[] {
  const powers = [10, 100, 1000, 10_000, 100_000, 1_000_000].filter((size) => size < all);
  return [...powers, all];
}

/** So many different rows, rising, so that they are read in one direction (Fisher and Yates 1938, from the end). */
function drawRows(all: number, size: number, random: Random): Uint32Array {
  const rows = Uint32Array.from({ length: all }, (_, row) => row);
  if (size === all) return rows;
  for (let place = 0; place < size; place += 1) {
    const other = place + random.integer(all - place);
    [rows[place], rows[other]] = [rows[other] ?? 0, rows[place] ?? 0];
  }
  return rows.slice(0, size).sort();
}

/** From this square on the extra dimension alone is farther than any two vectors of length 1 are. */
const markedSquare = 4.1;
const checkedRows = 4096;

/**
 * Checks every distractor, and returns which are marked as noise by an extra dimension. Fails with `feature-not-finite`,
 * `zero-feature`, `feature-not-unit`.
 */
export async function markedRows(
  store: FeatureStore,
  source: VectorSource,
  signal: AbortSignal,
): Promise<ReadonlySet<number>> {
  const { columns } = store;
  const marked = new Set<number>();
  for await (const { start, values } of blocksOf(source, signal)) {
    requireUnitRows(
      withoutMarks(values, columns, (row) => marked.add(start + row)),
      columns,
      (row) => ({ name: store.names.at(start + row) ?? '', folder: store.folder }),
    );
  }
  return marked;
}

/** All rows in their order, of which the next are read while the ones before are looked at. */
async function* blocksOf(
  source: VectorSource,
  signal: AbortSignal,
): AsyncGenerator<{ readonly start: number; readonly values: Float32Array }> {
  const read = (start: number): Promise<Float32Array> => source.read(start, Math.min(checkedRows, source.rows - start));
  let reading = read(0);
  try {
    for (let start = 0; start < source.rows;) {
      signal.throwIfAborted();
      const values = await reading;
      const next = start + checkedRows;
      if (next < source.rows) reading = read(next);
      yield { start, values };
      start = next;
    }
  } finally {
    // The source may be closed next; a read that fails is told where it is waited for, if anybody still waits.
    await Promise.allSettled([reading]);
  }
}

/** The same values, or a copy in which the marks are 0. */
function withoutMarks(values: Float32Array, columns: number, mark: (row: number) => void): Float32Array {
  let copy: Float32Array | undefined;
  for (let row = 0, last = columns - 1; last < values.length; row += 1, last += columns) {
    if ((values[last] ?? 0) ** 2 < markedSquare) continue;
    copy ??= values.slice();
    copy[last] = 0;
    mark(row);
  }
  return copy ?? values;
}

/** The distractors of a set that may be closer than a mate. */
export function includedVectors(
  source: VectorSource,
  { rows }: DistractorSet,
  excluded: ReadonlySet<number>,
): VectorSource {
  const included = excluded.size === 0 ? rows : rows.filter((row) => !excluded.has(row));
  return included.length === source.rows ? source : chosenVectors(source, included);
}
