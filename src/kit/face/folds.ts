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

/** Mean and population standard deviation (divided by n, as numpy's default); both 0 of no values. */
export function meanDeviation(values: readonly number[]): { readonly mean: number; readonly deviation: number } {
  if (values.length === 0) return { mean: 0, deviation: 0 };
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, deviation: Math.sqrt(variance) };
}
