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
        const stretch = { start: place * right.count, count: right.count, above: cosines[row] ?? -Infinity };
        const best =
          leavesOut === undefined
            ? greatest(scores, stretch)
            : greatestOfSome(scores, stretch, (at) => leavesOut(row, right.start + at));
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

/** The scores of one row in a block. */
interface Stretch {
  readonly start: number;
  readonly count: number;
  readonly above: number;
}

/** Place of the greatest score that is above one; -1 if none is. Four at a time: half the time of one after the other. */
function greatest(scores: Float32Array, { start, count, above }: Stretch): number {
  let place = -1;
  let best = above;
  for (let at = start; at < start + count; at += 4) {
    const one = scores[at] ?? -1;
    const two = scores[at + 1] ?? -1;
    const three = scores[at + 2] ?? -1;
    const four = scores[at + 3] ?? -1;
    if (one <= best && two <= best && three <= best && four <= best) continue;
    for (let each = at; each < Math.min(at + 4, start + count); each += 1) {
      const score = scores[each] ?? -1;
      if (score <= best) continue;
      place = each - start;
      best = score;
    }
  }
  return place;
}

/** The same, of those that are not left out. */
function greatestOfSome(
  scores: Float32Array,
  { start, count, above }: Stretch,
  isLeftOut: (at: number) => boolean,
): number {
  let place = -1;
  let best = above;
  for (let at = 0; at < count; at += 1) {
    const score = scores[start + at] ?? -1;
    if (score <= best || isLeftOut(at)) continue;
    place = at;
    best = score;
  }
  return place;
}
