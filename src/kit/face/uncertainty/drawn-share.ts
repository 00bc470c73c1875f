import { sampleDeviation, twoSided } from '../../../core/statistics.ts';
import { type DrawnFigure, percentileInterval } from './bootstrap.ts';
import type { Measured } from './measured.ts';
import { proportionInterval, shareInterval } from './proportion.ts';
import { peopleQuantile } from './student.ts';

export interface DrawnFrom {
  /** How many units were drawn from. */
  readonly units: number;
  /** On which side of the share there are more errors: above a rate of errors, below one of right decisions. */
  readonly worse: 'above' | 'below';
}

/**
 * A threshold that fewer different pairs set than these has no interval where pairs share people: who they are of decides it
 * (simulated intervals held the truth in 87 to 93 % of sets of 10 to 80 people; of five pairs and more in 93 to 97 %).
 */
export const fewestAccepted = 5;

/** So few people hold none that are much worse than the worst of them. */
const fewUnits = 30;

/**
 * A share with the interval of its draws; without one if fewer than ten units were drawn from, or half of the draws do not
 * allow it. On the scale of the arcsine, with the quantile of Student's t. Draws of few units end at the worst of them: below thirty, the deviation
 * towards more errors is at least the one towards fewer.
 */
export function drawnShare(figure: DrawnFigure, { units, worse }: DrawnFrom): Measured {
  const { value, draws } = figure;
  const interval = percentileInterval(draws, { count: units });
  if (interval === undefined) return { value };
  const { low, high } = interval;
  if (Number.isNaN(value)) return { value, interval };
  // Where no draw has an error, or every one, the draws know nothing of the next person: the rule of three does.
  if (value <= 0 || value >= 1) {
    const none = proportionInterval(value * units, units);
    const ends = { low: Math.max(0, Math.min(low, none.low)), high: Math.min(1, Math.max(high, none.high)) };
    return { value, interval: ends };
  }
  const [below, above] = [(value - low) / twoSided, (high - value) / twoSided];
  const most = Math.max(below, above);
  const isFew = units < fewUnits;
  const spread = {
    below: low <= 0 || (isFew && worse === 'below') ? most : below,
    above: high >= 1 || (isFew && worse === 'above') ? most : above,
  };
  return { value, interval: shareInterval(value, spread, quantileOf(units)) };
}

/** Below so many units the area is that of the people who happen to be there: simulated intervals held it in nine of ten sets or fewer. */
const fewestForArea = 40;

/**
 * The area under the ROC with its interval on the scale of the logit, where errors of the area are next to normal (Pepe, The statistical evaluation of
 * medical tests, 2003, 5.2.5), by the standard deviation of its draws.
 */
export function drawnArea({ value, draws }: DrawnFigure, units: number): Measured {
  const known = draws.filter((each) => !Number.isNaN(each));
  if (units < fewestForArea || known.length < Math.max(2, draws.length / 2)) return { value };
  // No pair is decided wrongly: the rule of three tells how often that can be by chance.
  if (value <= 0 || value >= 1) return { value, interval: proportionInterval(value * units, units) };
  const reach = (quantileOf(units) * sampleDeviation(known)) / (value * (1 - value));
  const middle = Math.log(value / (1 - value));
  const end = (logit: number): number => 1 / (1 + Math.exp(-logit));
  return { value, interval: { low: end(middle - reach), high: end(middle + reach) } };
}

function quantileOf(units: number): number {
  return peopleQuantile(units - 1) * Math.sqrt(units / (units - 1));
}
