import type { Point } from '../../draw/points.ts';
import { acceptanceByBin } from './find-thresholds.ts';
import { binEdge } from './score-bins.ts';

/**
 * The false and the true acceptance rate at the edges of the bins that hold impostors, from the highest score down: scores in float32,
 * bins of 2^-15. `same`: the closeness of the pairs of one person, descending; their score is that and `shift`.
 */
export function tradeOff(histogram: Float64Array, same: Float64Array, shift = 0): readonly Point[] {
  let accepted = 0;
  return acceptanceByBin(histogram, 1).map(([bin, far]): Point => {
    while (accepted < same.length && (same[accepted] ?? 0) + shift >= binEdge(bin)) accepted += 1;
    return [far, accepted / same.length];
  });
}

/** Of a curve whose first coordinate rises, about `perDecade` points for each power of ten. */
export function thinByDecade(curve: readonly Point[], perDecade: number): readonly Point[] {
  let next = 0;
  return curve.filter(([x], index) => {
    if (x < next && index < curve.length - 1) return false;
    next = x * 10 ** (1 / perDecade);
    return true;
  });
}
