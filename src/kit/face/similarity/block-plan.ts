/*
 * In which parts two long matrices are compared. Rows of the right matrix are taken a panel at a time; for each panel the left
 * matrix is read once from beginning to end, a strip at a time. A strip and a panel are what one thread computes at a time: 504 rows
 * are read for up to 504 x 15,360 scores, which take a hundred times longer to compute.
 */

/** At most so many rows of a strip. The inner loops of libraries take rows by 6 or 12; of larger products the scores leave the cache. */
export const stripRows = 504;

/** At most so many columns of one product. A power of two would put the rows of scores into the same few lines of the cache. */
export const productColumns = 1920;

/** At most so many rows of a panel. */
export const panelRows = 8 * productColumns;

/** The most scores of one product. */
export const productScores = stripRows * productColumns;

export interface RowRange {
  readonly start: number;
  readonly count: number;
}

export interface PlannedStrip {
  readonly index: number;
  readonly left: RowRange;
  /** Rows of the right matrix. */
  readonly panel: RowRange;
  readonly pairs: number;
}

export interface ComparisonPlan {
  /** Of all strips. */
  readonly count: number;
  readonly pairs: number;
  /** From the one with that index on. */
  strips(first: number): Generator<PlannedStrip, undefined>;
  /** In the strips before that one. */
  pairsBefore(first: number): number;
}

/**
 * `rightRows` undefined: the left matrix with itself, each pair once, the left row less than the right one. `only`: those strips, which keep
 * the index that they have among all.
 */
export function planComparison(
  leftRows: number,
  rightRows: number | undefined,
  only: (index: number) => boolean = () => true,
): ComparisonPlan {
  const strips = function* (first: number): Generator<PlannedStrip, undefined> {
    for (const strip of allStrips(leftRows, rightRows)) if (strip.index >= first && only(strip.index)) yield strip;
    return undefined;
  };
  let [count, pairs] = [0, 0];
  for (const strip of strips(0)) {
    count += 1;
    pairs += strip.pairs;
  }
  return {
    count,
    pairs,
    strips,
    pairsBefore(first) {
      let before = pairs;
      for (const strip of strips(first)) before -= strip.pairs;
      return before;
    },
  };
}

function* allStrips(leftRows: number, rightRows: number | undefined): Generator<PlannedStrip, undefined> {
  let index = 0;
  for (const panel of ranges({ start: 0, count: rightRows ?? leftRows }, panelRows)) {
    for (const left of ranges({ start: 0, count: leftRows }, stripRows)) {
      const pairs = rightRows === undefined ? pairsAbove(left, panel) : left.count * panel.count;
      if (pairs === 0) continue;
      yield { index, left, panel, pairs };
      index += 1;
    }
  }
  return undefined;
}

/** How many pairs of a left and a greater right row there are. */
function pairsAbove(left: RowRange, right: RowRange): number {
  const end = right.start + right.count;
  let pairs = 0;
  for (let row = left.start; row < left.start + left.count; row += 1) {
    pairs += Math.max(0, Math.min(right.count, end - row - 1));
  }
  return pairs;
}

/** The columns of the products of a panel. */
export function productRanges(panel: RowRange): Generator<RowRange, undefined> {
  return ranges(panel, productColumns);
}

function* ranges({ start, count }: RowRange, size: number): Generator<RowRange, undefined> {
  const end = start + count;
  for (let at = start; at < end; at += size) yield { start: at, count: Math.min(size, end - at) };
  return undefined;
}
