import type { ScoredPairs } from './acceptance-counts.ts';

/**
 * Area under the ROC curve over all pairs at once, without folds or thresholds: the probability that a same pair is
 * nearer than a different pair, ties counting half (Mann and Whitney 1947). 0.5 where one of the kinds is missing.
 */
export function areaUnderCurve(pairs: ScoredPairs): number {
  const scored = Array.from(pairs.distances, (distance, pair) => ({ distance, same: pairs.same[pair] === true }));
  scored.sort((a, b) => a.distance - b.distance);
  const samePairs = scored.filter(({ same }) => same).length;
  const differentPairs = scored.length - samePairs;
  if (samePairs === 0 || differentPairs === 0) return 0.5;
  let nearerSame = 0;
  let ordered = 0;
  for (let start = 0; start < scored.length;) {
    let end = start;
    while (end < scored.length && scored[end]?.distance === scored[start]?.distance) end += 1;
    const tied = scored.slice(start, end);
    const tiedSame = tied.filter(({ same }) => same).length;
    ordered += (tied.length - tiedSame) * (nearerSame + tiedSame / 2);
    nearerSame += tiedSame;
    start = end;
  }
  return ordered / samePairs / differentPairs;
}
