import { firstAccepting, type ScoredPairs } from '../acceptance-counts.ts';
import { contiguousFolds } from '../folds.ts';

/** The thresholds of the 2018 system: i * 0.01 for i = 0 .. 399; a pair is accepted below one. */
const grid = { step: 0.01, count: 400 } as const;

/** Right decisions of one fold, by threshold. */
interface FoldCounts {
  /** More than by rejecting every pair. */
  readonly gain: Float64Array;
  /** By rejecting every pair. */
  different: number;
  weight: number;
}

/** Of each fold the place of its threshold among those of the 2018 system. */
export type Thresholds = Int32Array;

/**
 * The accuracy over folds as `foldAccuracy` measures it, in two steps: pairs that may count more or less than once choose the
 * thresholds, and every pair is decided by that of its fold. What does not change with the weights is worked out once.
 */
export class WeightedFolds {
  /** Per pair: the first threshold that accepts it. */
  readonly #first: Int32Array;
  readonly #fold: Int32Array;
  readonly #same: Uint8Array;
  readonly #once: readonly FoldCounts[];
  readonly #folds: number;

  constructor(pairs: ScoredPairs, folds: number) {
    const count = pairs.distances.length;
    this.#folds = folds;
    this.#fold = new Int32Array(count);
    for (const [fold, { start, end }] of contiguousFolds(count, folds).entries()) this.#fold.fill(fold, start, end);
    this.#same = Uint8Array.from({ length: count }, (_, pair) => Number(pairs.same[pair] === true));
    this.#first = Int32Array.from({ length: count }, (_, pair) => firstAccepting(pairs.distances[pair] ?? 0, grid));
    this.#once = this.#counts(new Float64Array(count).fill(1));
  }

  /** Each fold's by the pairs of the others, as often as they count; of a single fold by its own. */
  thresholds(weights?: Float64Array): Thresholds {
    const folds = weights === undefined ? this.#once : this.#counts(weights);
    const whole = new Float64Array(grid.count);
    for (const { gain } of folds)
      for (let at = 0; at < grid.count; at += 1) whole[at] = (whole[at] ?? 0) + (gain[at] ?? 0);
    return Int32Array.from(folds, ({ gain }) => bestThreshold(whole, folds.length === 1 ? undefined : gain));
  }

  /** Mean over the folds, every pair counting once. */
  accuracy(thresholds: Thresholds): number {
    const shares = this.#once.map(
      ({ gain, different, weight }, fold) => (different + (gain[thresholds[fold] ?? 0] ?? 0)) / weight,
    );
    return shares.reduce((sum, share) => sum + share, 0) / shares.length;
  }

  /** Per pair: 1 if it is decided rightly, 0 if not. */
  right(thresholds: Thresholds): Uint8Array {
    const isRight = (same: number, pair: number): boolean =>
      (this.#first[pair] ?? 0) <= (thresholds[this.#fold[pair] ?? 0] ?? 0) === (same === 1);
    return this.#same.map((same, pair) => Number(isRight(same, pair)));
  }

  #counts(weights: Float64Array): readonly FoldCounts[] {
    const folds = Array.from({ length: this.#folds }, (): FoldCounts => ({
      gain: new Float64Array(grid.count),
      different: 0,
      weight: 0,
    }));
    for (let pair = 0; pair < weights.length; pair += 1) {
      const fold = folds[this.#fold[pair] ?? 0];
      const weight = weights[pair] ?? 0;
      if (fold === undefined || weight === 0) continue;
      const isSame = this.#same[pair] === 1;
      fold.weight += weight;
      if (!isSame) fold.different += weight;
      const first = this.#first[pair] ?? grid.count;
      if (first < grid.count) fold.gain[first] = (fold.gain[first] ?? 0) + (isSame ? weight : -weight);
    }
    for (const { gain } of folds)
      for (let at = 1; at < grid.count; at += 1) gain[at] = (gain[at] ?? 0) + (gain[at - 1] ?? 0);
    return folds;
  }
}

/** The first threshold with the most right decisions, of all folds but one. */
function bestThreshold(whole: Float64Array, without: Float64Array | undefined): number {
  let best = 0;
  let most = -Infinity;
  for (let at = 0; at < grid.count; at += 1) {
    const right = (whole[at] ?? 0) - (without?.[at] ?? 0);
    if (right > most) [best, most] = [at, right];
  }
  return best;
}
