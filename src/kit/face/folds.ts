/** Items `start` to `end` (exclusive). */
export interface FoldRange {
  readonly start: number;
  readonly end: number;
}

/** Cuts `items` into `folds` contiguous ranges in order; the first `items mod folds` of them hold one item more. */
export function contiguousFolds(items: number, folds: number): readonly FoldRange[] {
  const size = Math.floor(items / folds);
  const longer = items % folds;
  return Array.from({ length: folds }, (_, fold) => {
    const start = fold * size + Math.min(fold, longer);
    return { start, end: start + size + (fold < longer ? 1 : 0) };
  });
}

/**
 * How many of the items that are left of `items` are in another fold than before, where folds are cut out of what is left.
 * @param kept the positions of those that are left, ascending
 */
export function movedPairs(kept: readonly number[], items: number, folds: number): number {
  const ends = (count: number): readonly number[] => contiguousFolds(count, folds).map(({ end }) => end);
  const foldIn = (foldEnds: readonly number[], position: number): number => foldEnds.findIndex((end) => position < end);
  const [before, after] = [ends(items), ends(kept.length)];
  return kept.filter((position, place) => foldIn(before, position) !== foldIn(after, place)).length;
}

/** Mean and population standard deviation (divided by n, as numpy's default); both 0 of no values. */
export function meanDeviation(values: readonly number[]): { readonly mean: number; readonly deviation: number } {
  if (values.length === 0) return { mean: 0, deviation: 0 };
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, deviation: Math.sqrt(variance) };
}
