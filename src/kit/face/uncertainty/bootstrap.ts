import { Random } from '../../../core/random.ts';
import type { Interval } from './proportion.ts';
import { fewestUnits, type Resampling, shrinkage } from './resampling.ts';

export interface BootstrapOptions {
  readonly draws: number;
  readonly seed: number;
}

/** Figures of a set whose pairs count more or less than once. */
export interface WeighedFigures {
  /** All of them in one pass; NaN of those that the weights do not allow. */
  readonly measure: (weights: Float64Array) => readonly number[];
  /** Of each figure, per pair: what it adds to the figure, 0 on average, up to a factor; only pairs of two persons are looked at. */
  readonly errors: readonly ArrayLike<number>[];
}

/** What figures are, and what they were on each draw. */
export interface DrawnFigure {
  readonly value: number;
  readonly draws: readonly number[];
}

/**
 * What figures are on sets that are drawn with replacement from the units of a set (Efron 1979, of clusters): the pairs of one
 * person come and go together, so that the spread is that of other people, not of other pairs of the same.
 * Where persons are drawn, the parts of both kinds of pairs are measured one at a time, see {@link shrinkage}.
 */
export function bootstrapFigures(
  { measure, errors }: WeighedFigures,
  resampling: Resampling,
  { same, draws, seed }: BootstrapOptions & { readonly same: ArrayLike<boolean> },
): readonly DrawnFigure[] {
  const { count, unit } = resampling;
  const random = Random.derive(seed, 'bootstrap');
  const weights = new Float64Array(same.length);
  const values = measure(new Float64Array(same.length).fill(1));
  const factors = errors.map((error) => shrinkage(resampling, error, same));
  const drawn = new Float64Array(count);
  const found: number[][] = values.map(() => []);
  for (let draw = 0; draw < draws; draw += 1) {
    drawn.fill(0);
    for (let index = 0; index < count; index += 1) {
      const each = random.integer(count);
      drawn[each] = (drawn[each] ?? 0) + 1;
    }
    resampling.weigh(drawn, weights);
    const [sameOnly, differentOnly] = unit === 'groups' ? [weights, undefined] : byKind(weights, same);
    const ofSame = measure(sameOnly);
    const ofDifferent = differentOnly === undefined ? undefined : measure(differentOnly);
    for (const [index, value] of values.entries()) {
      const further = ofDifferent === undefined ? 0 : (factors[index] ?? 1) * ((ofDifferent[index] ?? NaN) - value);
      found[index]?.push((ofSame[index] ?? NaN) + further);
    }
  }
  return values.map((value, index) => ({ value, draws: found[index] ?? [] }));
}

/** Weights of the pairs of one kind, the others counting once. */
function byKind(weights: Float64Array, same: ArrayLike<boolean>): [Float64Array, Float64Array] {
  const sameOnly = weights.map((weight, pair) => (same[pair] === true ? weight : 1));
  const differentOnly = weights.map((weight, pair) => (same[pair] === true ? 1 : weight));
  return [sameOnly, differentOnly];
}

/**
 * The 2.5 and 97.5 percentiles of one figure over all draws that allow it; undefined if fewer than half do, or if the set has
 * fewer than ten units to draw from.
 */
export function percentileInterval(
  values: readonly number[],
  { count }: Pick<Resampling, 'count'>,
): Interval | undefined {
  if (count < fewestUnits) return undefined;
  const known = Float64Array.from(values.filter((value) => !Number.isNaN(value))).sort();
  if (known.length === 0 || known.length < values.length / 2) return undefined;
  return { low: quantile(known, 0.025), high: quantile(known, 0.975) };
}

/** Linear between the neighbours, as numpy's default. */
function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const low = sorted[below] ?? NaN;
  const high = sorted[below + 1] ?? low;
  return low + (place - below) * (high - low);
}
