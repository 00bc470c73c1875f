import type { NumberArray } from './loss.ts';

export interface PairCosines {
  /** sqrt(sum x^2 + 1e-10) of the rows. */
  readonly norms: readonly number[];
  /** Of each row with the nearest of the others that belong to it. */
  readonly own: readonly number[];
}

/** In float64: near 1 and -1 an angle, and its derivative, are known far worse than the cosine they are taken of. */
export function cosinesOfPairs(rows: NumberArray, others: NumberArray, count: number): PairCosines {
  const size = rows.length / count;
  const perRow = others.length / rows.length;
  const pairs = Array.from({ length: count }, (_, at) => {
    const row = rows.subarray(at * size, (at + 1) * size);
    const norm = normOf(row);
    const cosines = Array.from({ length: perRow }, (_, index) => {
      const start = (at * perRow + index) * size;
      const other = others.subarray(start, start + size);
      return dot(row, other) / (norm * normOf(other));
    });
    return { norm, cosine: Math.max(...cosines) };
  });
  return { norms: pairs.map(({ norm }) => norm), own: pairs.map(({ cosine }) => cosine) };
}

function dot(a: NumberArray, b: NumberArray): number {
  let sum = 0;
  for (let index = 0; index < a.length; index += 1) sum += (a[index] ?? 0) * (b[index] ?? 0);
  return sum;
}

function normOf(row: NumberArray): number {
  return Math.sqrt(dot(row, row) + 1e-10);
}
