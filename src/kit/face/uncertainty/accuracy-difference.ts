import type { BootstrapOptions } from './bootstrap.ts';
import { decidedSpread } from './decided-pairs.ts';
import type { Interval } from './proportion.ts';
import { fewestUnits, resamplingOf } from './resampling.ts';
import { peopleQuantile } from './student.ts';
import { WeightedFolds } from './weighted-folds.ts';

/** The difference of two models on the same pairs. */
export interface PairedDifference {
  /** First model less second. */
  readonly value: number;
  /** Undefined where the pairs have too few people. */
  readonly interval: Interval | undefined;
  /** Whether the first is better: undecided where the interval holds 0, or is missing. */
  readonly verdict: 'better' | 'worse' | 'undecided';
  /** No two distances differ by more than rounding does: it is one model, computed in two ways. */
  readonly isRounding: boolean;
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

/** What another order of the sums of a network, in float32, makes of a distance at most: see docs/uncertainty.md. */
const rounding = 1e-4;

/**
 * The difference of the accuracies of two models on the same pairs, so that what the pairs share goes out. Its interval has the
 * variance of `decidedSpread`, the quantile of Student's t, and two pairs more that only one model decides
 * rightly, one of each (Bonett and Price, Adjusted Wald confidence interval for a difference of binomial proportions based
 * on paired data, 2012): below six such pairs, all of one kind, nothing is decided, as by McNemar's exact test.
 */
export function accuracyDifference(request: DifferenceRequest): PairedDifference {
  const { first, second, same, images, folds, ...options } = request;
  const [one, other] = [first, second].map((distances) => new WeightedFolds({ distances, same }, folds));
  if (one === undefined || other === undefined) throw new Error('two models are compared');
  const [chosen, chosenOther] = [one.thresholds(), other.thresholds()];
  const figure = {
    value: one.accuracy(chosen) - other.accuracy(chosenOther),
    parts: differences(one.right(chosen), other.right(chosenOther)),
    chosenBy: (weights: Float64Array) =>
      one.accuracy(one.thresholds(weights)) - other.accuracy(other.thresholds(weights)),
  };
  const { value } = figure;
  if (largestDifference(first, second) <= rounding) {
    const interval = { low: Math.min(0, value), high: Math.max(0, value) };
    return { value, interval, verdict: 'undecided', isRounding: true };
  }
  const people = resamplingOf(images, same);
  if (people.people < fewestUnits) return { value, interval: undefined, verdict: 'undecided', isRounding: false };
  const { variance, freedom } = decidedSpread(figure, { same, people, ...options, added: 2 });
  const reach = peopleQuantile(freedom) * Math.sqrt(variance);
  const interval = { low: Math.max(-1, value - reach), high: Math.min(1, value + reach) };
  const verdict = interval.low > 0 ? 'better' : interval.high < 0 ? 'worse' : 'undecided';
  return { value, interval, verdict, isRounding: false };
}

function largestDifference(first: ArrayLike<number>, second: ArrayLike<number>): number {
  return differences(first, second).reduce((most, each) => Math.max(most, Math.abs(each)), 0);
}

function differences(one: ArrayLike<number>, other: ArrayLike<number>): Float64Array {
  return Float64Array.from(one, (value, index) => value - (other[index] ?? 0));
}
