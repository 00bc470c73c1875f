import type { VerificationResult } from '../../src/kit/face/verification-result.ts';
import type { Point } from '../../src/kit/draw/points.ts';

export type Distances = Pick<VerificationResult, 'distances' | 'same'>;

/**
 * The receiver operating characteristic over all pairs at once: for every threshold that changes a decision, the share
 * of different pairs accepted (x) and of same pairs accepted (y). From (0, 0) to (1, 1); empty where a kind is missing.
 */
export function rocCurve({ distances, same }: Distances): readonly Point[] {
  const scored = distances.map((distance, pair) => ({ distance, same: same[pair] === true }));
  scored.sort((a, b) => a.distance - b.distance);
  const samePairs = scored.filter((each) => each.same).length;
  const differentPairs = scored.length - samePairs;
  if (samePairs === 0 || differentPairs === 0) return [];
  const points: Point[] = [[0, 0]];
  let accepted = { same: 0, different: 0 };
  for (const [index, each] of scored.entries()) {
    const { same: s, different: d } = accepted;
    accepted = each.same ? { same: s + 1, different: d } : { same: s, different: d + 1 };
    if (scored[index + 1]?.distance === each.distance) continue;
    points.push([accepted.different / differentPairs, accepted.same / samePairs]);
  }
  return withoutStraightRuns(points);
}

/** Acceptance rates of all pairs at one threshold: where a decision stands on the curve. */
export function operatingPoint({ distances, same }: Distances, threshold: number): Point {
  const rate = (kind: boolean): number => {
    const chosen = distances.filter((_, pair) => same[pair] === kind);
    return chosen.length === 0 ? 0 : chosen.filter((distance) => distance < threshold).length / chosen.length;
  };
  return [rate(false), rate(true)];
}

/** Of the folds. */
export function meanThreshold({ folds }: Pick<VerificationResult, 'folds'>): number {
  return folds.length === 0 ? 0 : folds.reduce((sum, fold) => sum + fold.threshold, 0) / folds.length;
}

/** Drops points in the middle of horizontal and vertical runs, which the line passes through anyway. */
function withoutStraightRuns(points: readonly Point[]): readonly Point[] {
  return points.filter((point, index) => {
    const before = points[index - 1];
    const after = points[index + 1];
    if (before === undefined || after === undefined) return true;
    const horizontal = before[1] === point[1] && point[1] === after[1];
    const vertical = before[0] === point[0] && point[0] === after[0];
    return !horizontal && !vertical;
  });
}
