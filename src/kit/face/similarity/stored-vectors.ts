import { join } from 'node:path';
import { fail } from '../../../core/failure.ts';
import { failures } from '../failures.ts';
import { featureFiles } from '../features/feature-index.ts';
import { checkRows, type FeatureStore } from '../features/feature-store.ts';
import { failures as featureFailures } from '../features/failures.ts';
import { vectorsInFile, type VectorSource } from './vector-source.ts';

/** The rows of a store as they are. Reading a matrix leaves this thread free; files of their own are read by it. */
export async function storedVectors(store: FeatureStore): Promise<VectorSource> {
  const { rows, columns, matrix } = store;
  if (matrix !== undefined) return vectorsInFile({ ...matrix, rows, columns });
  return {
    rows,
    columns,
    read: (start, count, target) => Promise.resolve(store.read(start, count, target)),
    close: () => Promise.resolve(),
  };
}

/** By so much the squared length of a feature may differ from 1: float32 and the libraries that divide by a norm explain a tenth of it. */
export const lengthTolerance = 1e-5;

/**
 * Checks that vectors are finite and of length 1, which distances between them take for granted. Fails with `feature-not-finite`,
 * `zero-feature`, `feature-not-unit`.
 */
export function requireUnitRows(values: Float32Array, columns: number, nameOf: (row: number) => RowName): void {
  const refused = firstOddRow(values, columns);
  if (refused === undefined) return;
  const { name, folder } = nameOf(refused.row);
  const place = { file: join(folder, featureFiles.matrix) };
  checkRows(values.subarray(refused.row * columns, (refused.row + 1) * columns), columns, (_, kind) => {
    fail(featureFailures[kind]({ name }, place));
  });
  fail(failures.featureNotUnit({ name, length: Math.sqrt(refused.squares) }, place));
}

export interface RowName {
  readonly name: string;
  readonly folder: string;
}

function firstOddRow(
  values: Float32Array,
  columns: number,
): { readonly row: number; readonly squares: number } | undefined {
  for (let row = 0, at = 0; at < values.length; row += 1) {
    let squares = 0;
    for (const end = at + columns; at < end; at += 1) {
      const value = values[at] ?? 0;
      squares += value * value;
    }
    // Not "greater": NaN is odd too.
    if (!(Math.abs(squares - 1) <= lengthTolerance)) return { row, squares };
  }
  return undefined;
}
