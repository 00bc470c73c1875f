import type { ScoredPairs } from '../acceptance-counts.ts';
import {
  type BootstrapOptions,
  bootstrapFigures,
  type DrawnFigure,
  percentileInterval,
  type WeighedFigures,
} from './bootstrap.ts';
import { WeightedFolds } from './weighted-folds.ts';
import { type Interval, proportionInterval } from './proportion.ts';
import { type Resampling, resamplingOf } from './resampling.ts';
import { type Acceptance, acceptancesAt, separation, sortPairs } from './sorted-pairs.ts';

/** A figure with its 95 % interval; without one if too few draws allow the figure. */
export interface Measured {
  readonly value: number;
  readonly interval?: Interval;
}

/** FNMR = 1 - TAR: the ends of the interval change places. */
export function nonMatch({ value, interval }: Measured): Measured {
  return { value: 1 - value, ...(interval && { interval: { low: 1 - interval.high, high: 1 - interval.low } }) };
}

/** What is accepted where the false acceptance rate stays at or below a target. */
export interface OperatingPoint extends Measured {
  /** The target; `value` is the true acceptance rate, TAR (1 - FNMR). */
  readonly far: number;
  /** The false acceptance rate (FMR) that is reached: at most the target. */
  readonly reached: number;
  /** Greatest accepted distance; -1: none. */
  readonly distance: number;
  /** A single different pair is more than the target: the set can tell nothing of this rate. */
  readonly isMeasurable: boolean;
}

/** How sure the figures of a set are. */
export interface SetUncertainty {
  readonly draws: number;
  readonly seed: number;
  readonly unit: Resampling['unit'];
  readonly units: number;
  readonly accuracy: Measured;
  readonly eer: Measured;
  readonly areaUnderCurve: Measured;
  readonly decidability: Measured;
  readonly tarAtFar: readonly OperatingPoint[];
}

export interface UncertaintyRequest extends BootstrapOptions {
  readonly pairs: ScoredPairs;
  /** What each image shows, two per pair: see {@link resamplingOf}. */
  readonly images: readonly (string | number)[];
  readonly folds: number;
  /** False acceptance rates. */
  readonly rates: readonly number[];
}

/** The figures of a verification set with their intervals, over seeded draws of its people. */
export function setUncertainty({ pairs, images, folds, rates, ...options }: UncertaintyRequest): SetUncertainty {
  const { same } = pairs;
  const resampling = resamplingOf(images, same);
  const sorted = sortPairs(pairs);
  const weighted = new WeightedFolds(pairs, folds);
  const once = new Float64Array(same.length).fill(1);
  const atEqual = acceptedBelow(pairs, separation(sorted, once).eerDistance);
  const ascending = [...rates].sort((a, b) => a - b);
  const points = acceptancesAt(sorted, once, ascending);
  const figures: WeighedFigures = {
    measure: (weights) => {
      const { eer, areaUnderCurve, decidability } = separation(sorted, weights);
      const accepted = acceptancesAt(sorted, weights, ascending);
      return [weighted.accuracy(weights), eer, areaUnderCurve, decidability, ...accepted.map(({ tar }) => tar)];
    },
    errors: [
      centred(weighted.rightAtBest(), same),
      ...[atEqual, atEqual, atEqual],
      ...points.map(({ distance }) => acceptedBelow(pairs, distance)),
    ],
  };
  const [accuracy, eer, areaUnderCurve, decidability, ...tars] = bootstrapFigures(figures, resampling, {
    ...options,
    same,
  }).map((figure, index) => withInterval(figure, { ...resampling, isShare: index !== decidabilityAt }));
  const different = Array.from(same).filter((isSame) => !isSame).length;
  return {
    ...options,
    unit: resampling.unit,
    units: resampling.count,
    accuracy: accuracy ?? unknown,
    eer: eer ?? unknown,
    areaUnderCurve: areaUnderCurve ?? unknown,
    decidability: decidability ?? unknown,
    tarAtFar: ascending
      .map((far, index) => operatingPoint(far, points[index], { tar: tars[index], different }))
      .reverse(),
  };
}

const unknown: Measured = { value: NaN };

/** Whether each pair is accepted at a distance, less the share of its kind. */
function acceptedBelow({ distances, same }: ScoredPairs, distance: number): Float64Array {
  return centred(
    Array.from(distances, (each) => Number(each <= distance)),
    same,
  );
}

/** Values of the different pairs less their mean; 0 for the same pairs. */
function centred(values: ArrayLike<number>, same: ArrayLike<boolean>): Float64Array {
  const different = Array.from(values).filter((_, pair) => same[pair] !== true);
  const mean = different.reduce((sum, value) => sum + value, 0) / different.length;
  return Float64Array.from(values, (value, pair) => (same[pair] === true ? 0 : value - mean));
}

/** The only figure that is no share. */
const decidabilityAt = 3;

/** Where no draw has an error, or every one, the draws know nothing of the next person: the rule of three does. */
function withInterval(
  { value, draws }: DrawnFigure,
  { count, isShare }: { readonly count: number; readonly isShare: boolean },
): Measured {
  const interval = percentileInterval(draws, { count });
  if (interval === undefined) return { value };
  if (!isShare) return { value, interval };
  if (interval.low === interval.high && (value === 0 || value === 1)) {
    return { value, interval: proportionInterval(value * count, count) };
  }
  // Both kinds of pairs are drawn apart: their deviations together may lead out of what a share can be.
  return { value, interval: { low: Math.max(0, interval.low), high: Math.min(1, interval.high) } };
}

function operatingPoint(
  far: number,
  point: Acceptance | undefined,
  { tar, different }: { readonly tar: Measured | undefined; readonly different: number },
): OperatingPoint {
  return {
    ...(tar ?? unknown),
    far,
    reached: point?.far ?? NaN,
    distance: point?.distance ?? -1,
    isMeasurable: far * different >= 1 - 1e-9,
  };
}
