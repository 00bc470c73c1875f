import { twoSided } from '../../../core/statistics.ts';

/** A 95 % interval. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

const z = twoSided;

/**
 * Interval of a share by its count (Wilson 1927), for independent trials. Where nothing, or everything, was counted its
 * open end is that of the rule of three (Hanley and Lippman-Hand 1983): 3 / n. Of no trials it is 0 to 1.
 */
export function proportionInterval(count: number, trials: number): Interval {
  if (trials === 0) return { low: 0, high: 1 };
  if (count === 0) return { low: 0, high: Math.min(1, 3 / trials) };
  if (count === trials) return { low: Math.max(0, 1 - 3 / trials), high: 1 };
  const share = count / trials;
  const centre = share + z ** 2 / (2 * trials);
  const spread = z * Math.sqrt((share * (1 - share)) / trials + z ** 2 / (4 * trials ** 2));
  const scale = 1 + z ** 2 / trials;
  return { low: (centre - spread) / scale, high: (centre + spread) / scale };
}

/** What a share moves by below and above it, each as a standard deviation. */
export interface ShareSpread {
  readonly below: number;
  readonly above: number;
}

/**
 * Interval of a share that is no plain count, by its deviations with other people, on the scale where these do not
 * depend on the share: its arcsine (Anscombe 1948). `quantile` is that of Student's t. Where one deviation is nothing, since the
 * share is next to 0 or 1 and draws cannot lead beyond, the other one counts. Of no error at all: {@link proportionInterval}.
 */
export function shareInterval(share: number, { below, above }: ShareSpread, quantile: number): Interval {
  const middle = Math.asin(Math.sqrt(share));
  const stretch = quantile / (2 * Math.sqrt(share * (1 - share)));
  const end = (angle: number): number => Math.sin(Math.min(Math.PI / 2, Math.max(0, angle))) ** 2;
  return {
    low: end(middle - stretch * (below > 0 ? below : above)),
    high: end(middle + stretch * (above > 0 ? above : below)),
  };
}
