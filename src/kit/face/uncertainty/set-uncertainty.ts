import type { ScoredPairs } from '../acceptance-counts.ts';
import {
  type BootstrapOptions,
  bootstrapFigures,
  type DrawnFigure,
  percentileInterval,
  type WeighedFigures,
} from './bootstrap.ts';
import { decidedSpread } from './decided-pairs.ts';
import { drawnArea, drawnShare, fewestAccepted } from './drawn-share.ts';
import { curveRates, type CurvePoint, curvePoints, isMeasurable } from './error-curve.ts';
import { shareInterval } from './proportion.ts';
import { fewestUnits, type Resampling, resamplingOf } from './resampling.ts';
import { type Measured, nonMatch } from './measured.ts';
import { type Acceptance, acceptancesAt, separation, type SortedPairs, sortPairs } from './sorted-pairs.ts';
import { peopleQuantile } from './student.ts';
import { WeightedFolds } from './weighted-folds.ts';

/** What is accepted where the false acceptance rate stays at or below a target. */
export interface OperatingPoint extends Measured {
  /** The target; `value` is the true acceptance rate, TAR (1 - FNMR). */
  readonly far: number;
  /** The false acceptance rate (FMR) that is reached: at most the target. */
  readonly reached: number;
  /** Greatest accepted distance; -1: none. */
  readonly distance: number;
  /** Not so where a single different pair is more than the target: then all but `far` is NaN, which JSON has as null. */
  readonly isMeasurable: boolean;
}

/** How sure the figures of a set are. */
export interface SetUncertainty {
  readonly draws: number;
  readonly seed: number;
  readonly unit: Resampling['unit'];
  readonly units: number;
  /** Persons, as far as the set tells; not there in results of before. */
  readonly people?: number;
  readonly accuracy: Measured;
  readonly eer: Measured;
  readonly areaUnderCurve: Measured;
  readonly decidability: Measured;
  readonly tarAtFar: readonly OperatingPoint[];
  /** The trade-off of both errors from the least false match rate that the set can measure on; not there in results of before. */
  readonly curve?: readonly CurvePoint[];
}

export interface UncertaintyRequest extends BootstrapOptions {
  readonly pairs: ScoredPairs;
  /** What each image shows, two per pair: see {@link resamplingOf}. */
  readonly images: readonly (string | number)[];
  readonly folds: number;
  /** False acceptance rates. */
  readonly rates: readonly number[];
}

/**
 * The figures of a verification set with their 95 % intervals: of the accuracy by its variance ({@link decidedSpread}), of the
 * others by percentiles over seeded draws of its people.
 */
export function setUncertainty({ pairs, images, folds, rates, ...options }: UncertaintyRequest): SetUncertainty {
  const { same } = pairs;
  const people = resamplingOf(images, same);
  const sorted = sortPairs(pairs);
  const different = Array.from(same).filter((isSame) => !isSame).length;
  const targets = [...new Set([...rates, ...curveRates(different)])].sort((a, b) => a - b);
  const points = acceptancesAt(sorted, new Float64Array(same.length).fill(1), targets);
  const figures = weighedFigures(pairs, sorted, { targets, points });
  const drawn = bootstrapFigures(figures, people, { ...options, same });
  const [eer = nothing, areaUnderCurve = nothing, decidability = nothing, ...tars] = drawn;
  const tarAt = (far: number): Measured => {
    const figure = tars[targets.indexOf(far)] ?? nothing;
    if (people.unit === 'people' && far * different < fewestAccepted) return { value: figure.value };
    return drawnShare(figure, { units: people.count, worse: 'below' });
  };
  const spread = percentileInterval(decidability.draws, people);
  return {
    ...options,
    unit: people.unit,
    units: people.count,
    people: people.people,
    accuracy: measuredAccuracy({ pairs, folds, people, ...options }),
    eer: drawnShare(eer, { units: people.count, worse: 'above' }),
    areaUnderCurve: drawnArea(areaUnderCurve, people.count),
    decidability: { value: decidability.value, ...(spread && { interval: spread }) },
    tarAtFar: rates
      .toSorted((a, b) => b - a)
      .map((far) => operatingPoint(far, points[targets.indexOf(far)], { tar: tarAt(far), different })),
    curve: curvePoints(different, (rate) => nonMatch(tarAt(rate))),
  };
}

const unknown: Measured = { value: NaN };
const nothing: DrawnFigure = { value: NaN, draws: [] };

/** Equal error rate, area under the curve, d', and the true acceptance rate at each target. */
function weighedFigures(
  pairs: ScoredPairs,
  sorted: SortedPairs,
  { targets, points }: { readonly targets: readonly number[]; readonly points: readonly Acceptance[] },
): WeighedFigures {
  const atEqual = acceptedBelow(pairs, separation(sorted, new Float64Array(pairs.same.length).fill(1)).eerDistance);
  return {
    measure(weights) {
      const { eer, areaUnderCurve, decidability } = separation(sorted, weights);
      return [eer, areaUnderCurve, decidability, ...acceptancesAt(sorted, weights, targets).map(({ tar }) => tar)];
    },
    errors: [atEqual, atEqual, atEqual, ...points.map(({ distance }) => acceptedBelow(pairs, distance))],
  };
}

/** Whether each pair is accepted at a distance, less the share of its kind; 0 for the same pairs. */
function acceptedBelow({ distances, same }: ScoredPairs, distance: number): Float64Array {
  let [accepted, count] = [0, 0];
  for (let pair = 0; pair < distances.length; pair += 1) {
    if (same[pair] === true) continue;
    count += 1;
    if ((distances[pair] ?? 0) <= distance) accepted += 1;
  }
  const mean = accepted / count;
  return Float64Array.from(distances, (each, pair) => (same[pair] === true ? 0 : Number(each <= distance) - mean));
}

interface AccuracyRequest extends BootstrapOptions {
  readonly pairs: ScoredPairs;
  readonly folds: number;
  readonly people: Resampling;
}

function measuredAccuracy({ pairs, folds, people, ...options }: AccuracyRequest): Measured {
  const weighted = new WeightedFolds(pairs, folds);
  const chosen = weighted.thresholds();
  const value = weighted.accuracy(chosen);
  if (people.people < fewestUnits) return { value };
  const parts = weighted.right(chosen);
  const chosenBy = (weights: Float64Array): number => weighted.accuracy(weighted.thresholds(weights));
  const spread = decidedSpread({ value, parts, chosenBy }, { same: pairs.same, people, ...options });
  const variance = spread.variance + spread.offset ** 2;
  const errors = parts.reduce((sum, right) => sum + 1 - right, 0);
  // All pairs are decided rightly, or all of one kind and none of the other: nothing varies, and the rule of three tells.
  if (variance === 0 || errors === 0) {
    const reach = 3 / people.count;
    return { value, interval: { low: Math.max(0, value - reach), high: Math.min(1, value + reach) } };
  }
  const deviation = Math.sqrt(variance);
  return {
    value,
    interval: shareInterval(value, { below: deviation, above: deviation }, peopleQuantile(spread.freedom)),
  };
}

function operatingPoint(
  far: number,
  point: Acceptance | undefined,
  { tar, different }: { readonly tar: Measured; readonly different: number },
): OperatingPoint {
  if (!isMeasurable(far, different)) return { ...unknown, far, reached: NaN, distance: NaN, isMeasurable: false };
  return { ...tar, far, reached: point?.far ?? NaN, distance: point?.distance ?? -1, isMeasurable: true };
}
