import { exactScore } from './similarity/exact-score.ts';
import type { Products } from './similarity/products.ts';
import type { VectorSource } from './similarity/vector-source.ts';
import { type ScoreBlock, visitScores } from './similarity/visit-scores.ts';

/** For each of the rows that were compared, its nearest one among the others. */
export interface NearestRows {
  /** In float64, -1 to 1; -Infinity where there was none to compare with. */
  readonly cosines: Float64Array;
  /** Which of the others it is; -1 where there was none. */
  readonly nearest: Int32Array;
}

export interface NearestRowsOptions {
  readonly products: Products;
  /** Rows of length 1. */
  readonly rows: VectorSource;
  readonly others: VectorSource;
  readonly signal: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
  /** Pairs that do not count, such as two images of one person. */
  readonly leavesOut?: (row: number, other: number) => boolean;
}

/**
 * For each row the other with the greatest cosine. Computed in blocks, so that memory is bounded: two numbers per row and what
 * `visitScores` holds. The cosine of the two is computed again in float64, so that it does not depend on the engine.
 */
export async function nearestRows(options: NearestRowsOptions): Promise<NearestRows> {
  const { products, rows, others, signal, onProgress, leavesOut } = options;
  const cosines = new Float64Array(rows.rows).fill(-Infinity);
  const nearest = new Int32Array(rows.rows).fill(-1);
  if (rows.rows === 0 || others.rows === 0) return { cosines, nearest };
  const { columns } = rows;
  await visitScores({
    ...{ products, left: rows, right: others, signal },
    ...(onProgress === undefined ? {} : { onProgress }),
    visit({ left, right, scores }: ScoreBlock) {
      for (let place = 0; place < left.count; place += 1) {
        const row = left.start + place;
        const best = greatest(scores, place * right.count, {
          ...{ count: right.count, above: cosines[row] ?? -Infinity },
          leavesOut: leavesOut === undefined ? undefined : (at) => leavesOut(row, right.start + at),
        });
        if (best < 0) continue;
        const [one, other] = [place, best].map((each) => each * columns);
        nearest[row] = right.start + best;
        const score = exactScore(
          { values: left.values, at: one ?? 0 },
          { values: right.values, at: other ?? 0 },
          columns,
        );
        // Rows have length 1 within float32.
        cosines[row] = Math.max(-1, Math.min(1, score));
      }
    },
  });
  return { cosines, nearest };
}

interface Search {
  readonly count: number;
  readonly above: number;
  readonly leavesOut: ((at: number) => boolean) | undefined;
}

/** Place of the greatest of `count` scores that is above one; -1 if none is. */
function greatest(scores: Float32Array, start: number, { count, above, leavesOut }: Search): number {
  let [place, best] = [-1, above];
  for (let at = 0; at < count; at += 1) {
    const score = scores[start + at] ?? -Infinity;
    if (score <= best || leavesOut?.(at) === true) continue;
    [place, best] = [at, score];
  }
  return place;
}
