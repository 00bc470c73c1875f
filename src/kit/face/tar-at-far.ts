import { type AcceptanceCounts, type ScoredPairs, countAccepted, sumCounts } from './acceptance-counts.ts';
import { contiguousFolds, type FoldRange, meanDeviation } from './folds.ts';
import type { TarAtFar } from './verification-result.ts';

/** i * 0.001 for i = 0 .. 3999, as in the 2018 system. */
const grid = { step: 0.001, count: 4000 } as const;

/**
 * True acceptance rate ("VAL") at given false acceptance rates. Per fold, the threshold at which the other folds reach the rate is found
 * by linear interpolation and applied to the fold. Folds without same or without different pairs are left out (the
 * 2018 system divided by zero there).
 */
export function tarAtFar(pairs: ScoredPairs, folds: number, rates: readonly number[]): readonly TarAtFar[] {
  const splits = splitTrainingAndTest(pairs, folds);
  return rates.map((far) => {
    const thresholds = splits.map(({ training }) => thresholdAt(training, far));
    const accepted = splits.map(({ test }, fold) => acceptedBelow(pairs, test, thresholds[fold] ?? 0));
    const tar = meanDeviation(accepted.map(({ same }) => same));
    return {
      far,
      tar: tar.mean,
      deviation: tar.deviation,
      measuredFar: meanDeviation(accepted.map(({ different }) => different)).mean,
      threshold: meanDeviation(thresholds).mean,
      folds: splits.length,
    };
  });
}

interface Split {
  readonly training: AcceptanceCounts;
  readonly test: FoldRange;
}

function splitTrainingAndTest(pairs: ScoredPairs, folds: number): readonly Split[] {
  const ranges = contiguousFolds(pairs.distances.length, folds);
  const parts = ranges.map((range) => countAccepted(pairs, range, grid));
  return ranges.flatMap((test, fold) => {
    const part = parts[fold];
    if (part === undefined || part.samePairs === 0 || part.differentPairs === 0) return [];
    const others = parts.filter((other) => other !== part);
    return [{ test, training: others.length === 0 ? part : sumCounts(others, grid) }];
  });
}

/** Shares of the same and of the different pairs of a range nearer than the threshold. */
function acceptedBelow(pairs: ScoredPairs, range: FoldRange, threshold: number): { same: number; different: number } {
  const all = { same: 0, different: 0 };
  const accepted = { same: 0, different: 0 };
  for (let pair = range.start; pair < range.end; pair += 1) {
    const kind = pairs.same[pair] === true ? 'same' : 'different';
    all[kind] += 1;
    if ((pairs.distances[pair] ?? 0) < threshold) accepted[kind] += 1;
  }
  return { same: accepted.same / all.same, different: accepted.different / all.different };
}

/**
 * Where the false acceptance rate reaches `target`; 0 where it never does. Rates repeat, so the interpolation starts
 * at the last threshold whose rate is not above the target: what scipy 1.0.1's interp1d did.
 */
function thresholdAt(training: AcceptanceCounts, target: number): number {
  const rateAt = (index: number): number =>
    training.differentPairs === 0 ? 0 : (training.acceptedDifferent[index] ?? 0) / training.differentPairs;
  if (rateAt(grid.count - 1) < target) return 0;
  let last = grid.count - 1;
  while (last > 0 && rateAt(last) > target) last -= 1;
  const rate = rateAt(last);
  if (rate === target || last === grid.count - 1) return last * grid.step;
  return (last + (target - rate) / (rateAt(last + 1) - rate)) * grid.step;
}
