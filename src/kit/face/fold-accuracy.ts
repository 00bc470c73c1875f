import { type AcceptanceCounts, type ScoredPairs, countAccepted, sumCounts } from './acceptance-counts.ts';
import { contiguousFolds, meanDeviation } from './folds.ts';
import type { FoldResult, RocPoint } from './verification-result.ts';

/** i * 0.01 for i = 0 .. 399, as in the 2018 system. */
const grid = { step: 0.01, count: 400 } as const;

export interface FoldAccuracy {
  readonly accuracy: number;
  /** Population standard deviation over the folds. */
  readonly deviation: number;
  readonly folds: readonly FoldResult[];
  readonly roc: readonly RocPoint[];
}

/**
 * Accuracy over contiguous folds: the threshold of each fold is the first of those with the highest accuracy on the other folds.
 * A single fold chooses and tests on all pairs.
 */
export function foldAccuracy(pairs: ScoredPairs, folds: number): FoldAccuracy {
  const parts = contiguousFolds(pairs.distances.length, folds).map((range) => countAccepted(pairs, range, grid));
  const results = parts.map((part): FoldResult => {
    const training = parts.length === 1 ? parts : parts.filter((other) => other !== part);
    const best = firstBest(sumCounts(training, grid));
    const total = part.samePairs + part.differentPairs;
    return { pairs: total, threshold: best * grid.step, accuracy: correct(part, best) / total };
  });
  const { mean, deviation } = meanDeviation(results.map((fold) => fold.accuracy));
  return { accuracy: mean, deviation, folds: results, roc: averageRoc(parts) };
}

/** The first threshold with the highest number of right decisions. */
function firstBest(counts: AcceptanceCounts): number {
  let best = 0;
  for (let index = 1; index < grid.count; index += 1) {
    if (correct(counts, index) > correct(counts, best)) best = index;
  }
  return best;
}

function correct(counts: AcceptanceCounts, index: number): number {
  return (counts.acceptedSame[index] ?? 0) + counts.differentPairs - (counts.acceptedDifferent[index] ?? 0);
}

/** Rates per threshold averaged over the folds; a fold without such pairs counts as 0, as in the 2018 system. */
function averageRoc(parts: readonly AcceptanceCounts[]): readonly RocPoint[] {
  return Array.from({ length: grid.count }, (_, index) => ({
    threshold: index * grid.step,
    falsePositiveRate: meanDeviation(parts.map((part) => rate(part.acceptedDifferent[index], part.differentPairs)))
      .mean,
    truePositiveRate: meanDeviation(parts.map((part) => rate(part.acceptedSame[index], part.samePairs))).mean,
  }));
}

function rate(accepted: number | undefined, all: number): number {
  return all === 0 ? 0 : (accepted ?? 0) / all;
}
