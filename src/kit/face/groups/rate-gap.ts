import type { Measured } from '../uncertainty/measured.ts';
import type { Interval } from '../uncertainty/proportion.ts';

/** How much more often one group is decided wrongly than another, at the same threshold. */
export interface RateGap {
  readonly kind: 'fnmr' | 'fmr';
  readonly groups: readonly [first: string, second: string];
  /** Rate of the first less that of the second. */
  readonly value: number;
  /** 95 %; not there where one of the groups has too few people. */
  readonly interval?: Interval;
  /** Undecided where the interval holds 0, or is missing. */
  readonly verdict: 'higher' | 'lower' | 'undecided';
}

/** A rate of a group, and what it was on each draw of the people. */
export interface DrawnRate {
  readonly group: string;
  readonly kind: RateGap['kind'];
  readonly rate: Measured;
  readonly draws: readonly number[];
}

/**
 * The difference of the rates of two groups with its 95 % interval, of the intervals of both and of how they vary together on the same draws
 * (the method of variance estimates recovery: Newcombe, Interval estimation for the difference between independent proportions, method 10, and Improved
 * confidence intervals for the difference based on paired data, both Statistics in Medicine 1998; Zou and Donner 2008). So a group without an error has the
 * doubt of the rule of three in its gap too, which the draws alone would not show.
 */
export function differenceOfRates(one: DrawnRate, other: DrawnRate): RateGap {
  const value = one.rate.value - other.rate.value;
  const gap = { kind: one.kind, groups: [one.group, other.group] as const, value };
  const [first, second] = [one.rate.interval, other.rate.interval];
  if (first === undefined || second === undefined) return { ...gap, verdict: 'undecided' };
  const together = correlation(one.draws, other.draws);
  const reach = (left: number, right: number): number =>
    Math.sqrt(Math.max(0, left ** 2 + right ** 2 - 2 * together * left * right));
  const low = value - reach(one.rate.value - first.low, second.high - other.rate.value);
  const high = value + reach(first.high - one.rate.value, other.rate.value - second.low);
  const verdict = low > 0 ? 'higher' : high < 0 ? 'lower' : 'undecided';
  return { ...gap, interval: { low, high }, verdict };
}

/** Of two figures on the same draws; 0 where one of them never changes. Draws that do not allow both are left out. */
function correlation(one: readonly number[], other: readonly number[]): number {
  const both = one.flatMap((value, draw): [number, number][] => {
    const paired = other[draw] ?? NaN;
    return Number.isNaN(value) || Number.isNaN(paired) ? [] : [[value, paired]];
  });
  const mean = [0, 1].map((side) => both.reduce((sum, pair) => sum + (pair[side] ?? 0), 0) / both.length);
  let [product, left, right] = [0, 0, 0];
  for (const [first, second] of both) {
    const [a, b] = [first - (mean[0] ?? 0), second - (mean[1] ?? 0)];
    product += a * b;
    left += a * a;
    right += b * b;
  }
  return left === 0 || right === 0 ? 0 : product / Math.sqrt(left * right);
}
