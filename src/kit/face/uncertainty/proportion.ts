/** A 95 % interval. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Quantile 0.975 of the normal distribution. */
const z = 1.959963984540054;

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
