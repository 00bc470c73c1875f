import { type BootstrapOptions, bootstrapFigures, percentileInterval, type WeighedFigures } from './bootstrap.ts';
import { WeightedFolds } from './weighted-folds.ts';
import type { Interval } from './proportion.ts';
import { resamplingOf } from './resampling.ts';

/** The difference of two models on the same pairs. */
export interface PairedDifference {
  /** First model less second. */
  readonly value: number;
  /** Undefined where the pairs have too few people. */
  readonly interval: Interval | undefined;
  /** Whether the first is better: undecided where the interval holds 0, or is missing. */
  readonly verdict: 'better' | 'worse' | 'undecided';
}

export interface DifferenceRequest extends BootstrapOptions {
  /** Distances of the same pairs by two models. */
  readonly first: ArrayLike<number>;
  readonly second: ArrayLike<number>;
  readonly same: ArrayLike<boolean>;
  /** What each image shows, two per pair: see {@link resamplingOf}. */
  readonly images: readonly (string | number)[];
  readonly folds: number;
}

/** The difference of the accuracies of two models: both are measured on the same draws, so that what the pairs share goes out. */
export function accuracyDifference({
  first,
  second,
  same,
  images,
  folds,
  ...options
}: DifferenceRequest): PairedDifference {
  const [one, other] = [first, second].map((distances) => new WeightedFolds({ distances, same }, folds));
  if (one === undefined || other === undefined) throw new Error('two models are compared');
  const difference: WeighedFigures = {
    measure: (weights) => [one.accuracy(weights) - other.accuracy(weights)],
    errors: [differences(one.rightAtBest(), other.rightAtBest())],
  };
  const resampling = resamplingOf(images, same);
  const [{ value, draws } = { value: NaN, draws: [] }] = bootstrapFigures(difference, resampling, { ...options, same });
  const interval = percentileInterval(draws, resampling);
  const verdict = (interval?.low ?? 0) > 0 ? 'better' : (interval?.high ?? 0) < 0 ? 'worse' : 'undecided';
  return { value, interval, verdict };
}

function differences(one: Uint8Array, other: Uint8Array): Float64Array {
  return Float64Array.from(one, (value, index) => value - (other[index] ?? 0));
}
