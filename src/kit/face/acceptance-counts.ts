import type { FoldRange } from './folds.ts';

/** Thresholds i * step for i = 0 .. count-1. */
export interface ThresholdGrid {
  readonly step: number;
  readonly count: number;
}

/** Distances of pairs with their truth. */
export interface ScoredPairs {
  readonly distances: ArrayLike<number>;
  readonly same: ArrayLike<boolean>;
}

/** How many pairs of a part of the set each threshold accepts (distance < threshold, strictly). */
export interface AcceptanceCounts {
  readonly samePairs: number;
  readonly differentPairs: number;
  /** Same pairs accepted, by threshold. */
  readonly acceptedSame: Uint32Array;
  /** Different pairs accepted, by threshold. */
  readonly acceptedDifferent: Uint32Array;
}

export function countAccepted(pairs: ScoredPairs, range: FoldRange, grid: ThresholdGrid): AcceptanceCounts {
  const acceptedSame = new Uint32Array(grid.count);
  const acceptedDifferent = new Uint32Array(grid.count);
  let samePairs = 0;
  for (let pair = range.start; pair < range.end; pair += 1) {
    const first = firstAccepting(pairs.distances[pair] ?? 0, grid);
    const isSame = pairs.same[pair] === true;
    if (isSame) samePairs += 1;
    const counts = isSame ? acceptedSame : acceptedDifferent;
    if (first < grid.count) counts[first] = (counts[first] ?? 0) + 1;
  }
  accumulate(acceptedSame);
  accumulate(acceptedDifferent);
  return { samePairs, differentPairs: range.end - range.start - samePairs, acceptedSame, acceptedDifferent };
}

/** The counts of the union of disjoint parts. */
export function sumCounts(parts: readonly AcceptanceCounts[], grid: ThresholdGrid): AcceptanceCounts {
  const acceptedSame = new Uint32Array(grid.count);
  const acceptedDifferent = new Uint32Array(grid.count);
  for (const part of parts) {
    for (let index = 0; index < grid.count; index += 1) {
      acceptedSame[index] = (acceptedSame[index] ?? 0) + (part.acceptedSame[index] ?? 0);
      acceptedDifferent[index] = (acceptedDifferent[index] ?? 0) + (part.acceptedDifferent[index] ?? 0);
    }
  }
  const samePairs = parts.reduce((sum, part) => sum + part.samePairs, 0);
  const differentPairs = parts.reduce((sum, part) => sum + part.differentPairs, 0);
  return { samePairs, differentPairs, acceptedSame, acceptedDifferent };
}

/** Index of the first threshold above the distance; `grid.count` if it is above all. */
export function firstAccepting(distance: number, grid: ThresholdGrid): number {
  let index = Math.min(grid.count, Math.max(0, Math.floor(distance / grid.step)));
  // The quotient may be off by one in either direction; the product decides, as the comparison itself would.
  while (index > 0 && distance < (index - 1) * grid.step) index -= 1;
  while (index < grid.count && distance >= index * grid.step) index += 1;
  return index;
}

function accumulate(counts: Uint32Array): void {
  for (let index = 1; index < counts.length; index += 1) {
    counts[index] = (counts[index] ?? 0) + (counts[index - 1] ?? 0);
  }
}
