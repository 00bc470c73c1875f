/** How scores are put into bins; the same numbers as in wasm/scores/tally.ts. */
export const scoreBins = { count: 69_632, perUnit: 32_768, lowest: -1.0625 } as const;

/** By so much the edge of a bin may be elsewhere than {@link binEdge} says: the bins are computed in float32. */
export const edgeError = 1e-6;

/** Where a bin begins. */
export function binEdge(bin: number): number {
  return scoreBins.lowest + bin / scoreBins.perUnit;
}

/** The first bin that a score of at least this can be in. */
export function binBelow(score: number): number {
  return Math.max(1, Math.floor((score - edgeError - scoreBins.lowest) * scoreBins.perUnit));
}

/** Neighbouring bins that are one step of a table of ranks. */
const stepBins = 32;
const undecidedStep = 0xffff;

/** Of a table of ranks. */
export const rankSteps = scoreBins.count / stepBins;

/** For each step how many thresholds (rising, at most 65,534) its scores are above, or that they have to be compared. */
export function fillRankTable(table: Uint16Array, thresholds: Float64Array, error: number): void {
  const stepOf = (score: number): number => {
    const step = Math.floor(((score - scoreBins.lowest) * scoreBins.perUnit) / stepBins);
    return Math.min(Math.max(step, 0), rankSteps - 1);
  };
  const near = error + 2 * edgeError;
  let next = 0;
  for (const [passed, threshold] of thresholds.entries()) {
    const first = Math.max(next, stepOf(threshold - near));
    table.fill(passed, next, first);
    next = Math.max(next, stepOf(threshold + near) + 1);
    table.fill(undecidedStep, first, next);
  }
  table.fill(thresholds.length, next);
}

/** Where the counts of each list of thresholds begin, of 0, 1, 2 ... that are passed; and how many counts there are as the last. */
export function offsetsOf(thresholds: readonly { readonly length: number }[]): Uint32Array {
  const offsets = new Uint32Array(thresholds.length + 1);
  for (const [row, { length }] of thresholds.entries()) offsets[row + 1] = (offsets[row] ?? 0) + length + 1;
  return offsets;
}
