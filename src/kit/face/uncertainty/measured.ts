import type { Interval } from './proportion.ts';

/** A figure with its 95 % interval; without one if too few draws allow the figure. */
export interface Measured {
  readonly value: number;
  readonly interval?: Interval;
}

/** FNMR = 1 - TAR: the ends of the interval change places. */
export function nonMatch({ value, interval }: Measured): Measured {
  return { value: 1 - value, ...(interval && { interval: { low: 1 - interval.high, high: 1 - interval.low } }) };
}
