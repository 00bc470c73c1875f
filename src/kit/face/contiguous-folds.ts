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
