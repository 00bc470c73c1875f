import type { Measured } from './measured.ts';

/** A point of the detection error trade-off, with the ends of the 95 % interval of its FNMR at this FMR (a band of points, not of curves). */
export interface CurvePoint {
  /** False match rate that is not exceeded. */
  readonly fmr: number;
  /** Share of the same pairs that is rejected. */
  readonly fnmr: number;
  /** Null where there are too few people for an interval. */
  readonly low: number | null;
  readonly high: number | null;
}

/** Whether a set tells anything of a rate: a single one of so many different pairs is no more than it. */
export function isMeasurable(far: number, different: number): boolean {
  return far * different >= 1 - 1e-9;
}

/** Points of the curve for each factor of ten. */
const perDecade = 12;

/** From the least rate that so many different pairs measure up to 1, equally far from each other in logarithms. None of no pairs. */
export function curveRates(different: number): readonly number[] {
  if (different === 0) return [];
  const steps = Math.max(1, Math.ceil(perDecade * Math.log10(different)));
  return Array.from({ length: steps + 1 }, (_, step) => (step === steps ? 1 : different ** (step / steps - 1)));
}

/** The curve of a set, digits rounded to what is drawn; empty where a kind of pairs is missing. */
export function curvePoints(different: number, fnmrAt: (fmr: number) => Measured): readonly CurvePoint[] {
  return curveRates(different).flatMap((fmr) => {
    const { value, interval } = fnmrAt(fmr);
    if (Number.isNaN(value)) return [];
    const [low, high] = interval === undefined ? [null, null] : [rounded(interval.low), rounded(interval.high)];
    return [{ fmr: rounded(fmr), fnmr: rounded(value), low, high }];
  });
}

function rounded(value: number): number {
  return Number(value.toPrecision(6));
}
