import { Random } from '../../../core/random.ts';
import type { BootstrapOptions } from './bootstrap.ts';
import type { Resampling } from './resampling.ts';

/** A mean over the pairs of a set, each decided at a threshold that other pairs have chosen. */
export interface DecidedFigure {
  readonly value: number;
  /** What each pair adds to the sum whose mean the figure is. */
  readonly parts: ArrayLike<number>;
  /** The figure at the thresholds that pairs choose which count so often, every pair being decided once. */
  readonly chosenBy: (weights: Float64Array) => number;
}

export interface DecidedPairs extends BootstrapOptions {
  readonly same: ArrayLike<boolean>;
  readonly people: Pick<Resampling, 'person'>;
  /** Pairs that are decided as no other, to be added where pairs are independent; 0 unless given. */
  readonly added?: number;
}

/** A variance, and of how many squares it is the sum: degrees of freedom for Student's t. */
export interface Spread {
  readonly variance: number;
  readonly freedom: number;
  /** By how much the figure is off on average, since thresholds that are chosen are not the best ones. */
  readonly offset: number;
}

/**
 * The variance of a mean of decisions whose thresholds are chosen too: what it is at these thresholds, with other people, and
 * what the choice adds to it (law of total variance). The latter is the variance of the figure at thresholds that
 * other draws of the pairs choose. To draw both at once, as a plain bootstrap does, is far too wide: the place of a maximum
 * has no bootstrap (Abrevaya and Huang, On the bootstrap of the maximum score estimator, Econometrica 2005).
 */
export function decidedSpread({ value, parts, chosenBy }: DecidedFigure, pairs: DecidedPairs): Spread {
  const { people, draws, seed } = pairs;
  const { variance, units } = peopleVariance(parts, { ...pairs, person: people.person });
  const random = Random.derive(seed, 'thresholds');
  const weights = new Float64Array(parts.length);
  let [sum, squares] = [0, 0];
  for (let draw = 0; draw < draws; draw += 1) {
    weights.fill(0);
    for (let left = parts.length; left > 0; left -= 1) {
      const pair = random.integer(parts.length);
      weights[pair] = (weights[pair] ?? 0) + 1;
    }
    const off = chosenBy(weights) - value;
    sum += off;
    squares += off ** 2;
  }
  const offset = draws === 0 ? 0 : sum / draws;
  const chosen = draws === 0 ? 0 : Math.max(0, squares / draws - offset ** 2);
  const share = variance === 0 ? 1 : variance / (variance + chosen);
  return { variance: variance + chosen, freedom: (units - 1) / share ** 2, offset };
}

/**
 * The variance of the mean of what pairs add, where pairs that share a person vary together (of dyads: Fafchamps and Gubert
 * 2007; Aronow, Samii and Assenova, Cluster-robust variance estimation for dyadic data, Political Analysis 2015), with the
 * correction units / (units - 1) for few people. At least that of independent pairs, and of those that are added. How many pairs of either kind there are is given.
 */
export function peopleVariance(
  parts: ArrayLike<number>,
  { same, person, added = 0 }: Pick<DecidedPairs, 'same' | 'added'> & { readonly person: ArrayLike<number> },
): { readonly variance: number; readonly units: number } {
  const centred = centredByKind(parts, same);
  const sums = new Map<number, number>();
  const add = (each: number | undefined, value: number): unknown =>
    sums.set(each ?? 0, (sums.get(each ?? 0) ?? 0) + value);
  let [own, twice] = [0, 0];
  for (const [pair, value] of centred.entries()) {
    own += value ** 2;
    add(person[2 * pair], value);
    if (person[2 * pair] === person[2 * pair + 1]) continue;
    add(person[2 * pair + 1], value);
    twice += value ** 2;
  }
  const shared = [...sums.values()].reduce((sum, value) => sum + value ** 2, 0);
  const units = sums.size;
  const variance = (Math.max(shared - twice, own + added) / centred.length ** 2) * (units / (units - 1));
  return { variance: units < 2 ? NaN : variance, units };
}

/** Values less the mean of those of their kind. */
function centredByKind(values: ArrayLike<number>, same: ArrayLike<boolean>): Float64Array {
  const sums = { same: 0, different: 0 };
  const counts = { same: 0, different: 0 };
  for (let pair = 0; pair < values.length; pair += 1) {
    const kind = same[pair] === true ? 'same' : 'different';
    sums[kind] += values[pair] ?? 0;
    counts[kind] += 1;
  }
  return Float64Array.from(values, (value, pair) => {
    const kind = same[pair] === true ? 'same' : 'different';
    return value - sums[kind] / counts[kind];
  });
}
