import { Random } from '../../../core/random.ts';
import { type BootstrapOptions, percentileInterval } from './bootstrap.ts';
import type { Interval } from './proportion.ts';

/** Trials by the person that they are of, and of how many of them something is true, for one or several rates. */
export interface TrialsByPerson {
  readonly trials: Float64Array;
  /** For each rate the successes of each person. */
  readonly successes: readonly Float64Array[];
}

/**
 * 95 % intervals of rates: persons are drawn with replacement, with all of their trials (Efron 1979, of clusters). Undefined of a
 * rate where fewer than ten persons have trials.
 */
export function rateIntervals(
  { trials, successes }: TrialsByPerson,
  { draws, seed }: BootstrapOptions,
): readonly (Interval | undefined)[] {
  const people = [...trials.keys()].filter((person) => (trials[person] ?? 0) > 0);
  const random = Random.derive(seed, 'bootstrap of people');
  const drawn = successes.map(() => new Float64Array(draws));
  const sums = new Float64Array(successes.length);
  for (let draw = 0; draw < draws; draw += 1) {
    let all = 0;
    sums.fill(0);
    for (let count = people.length; count > 0; count -= 1) {
      const person = people[random.integer(people.length)] ?? 0;
      all += trials[person] ?? 0;
      for (let rate = 0; rate < sums.length; rate += 1)
        sums[rate] = (sums[rate] ?? 0) + (successes[rate]?.[person] ?? 0);
    }
    for (const [rate, values] of drawn.entries()) values[draw] = (sums[rate] ?? 0) / all;
  }
  return drawn.map((values) => percentileInterval([...values], { count: people.length }));
}
