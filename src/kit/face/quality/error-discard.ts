import type { ScoredPairs } from '../acceptance-counts.ts';
import { type BootstrapOptions, bootstrapFigures, percentileInterval } from '../uncertainty/bootstrap.ts';
import { drawnShare } from '../uncertainty/drawn-share.ts';
import type { Measured } from '../uncertainty/measured.ts';
import type { Resampling } from '../uncertainty/resampling.ts';
import type { QualityName } from './image-quality.ts';

/** The false non-match rate of what is left. */
export interface DiscardPoint {
  /** Of the pairs of one person, at most so many are discarded: those of the lowest quality. */
  readonly share: number;
  readonly fnmr: number;
  /** Null where there are too few people for an interval. */
  readonly low: number | null;
  readonly high: number | null;
}

/** How the false non-match rate falls as the pairs of the lowest quality are discarded, at one threshold. */
export interface ErrorDiscard {
  readonly quality: QualityName;
  /** The false match rate that the whole set does not exceed at the threshold. */
  readonly far: number;
  /** Greatest accepted distance. */
  readonly distance: number;
  /** Pairs of one person whose quality is known. */
  readonly pairs: number;
  /** Those whose quality is not; they are left out of the curve. */
  readonly without: number;
  readonly curve: readonly DiscardPoint[];
  /** Mean FNMR while 0 to {@link areaTo} of the pairs are discarded: the area under the curve, brought to the scale of a rate. */
  readonly area: Measured;
  /** The area as a share of the FNMR of all pairs: 1 says that the quality tells nothing of errors. Not there without errors. */
  readonly relativeArea?: Measured;
}

export interface ErrorDiscardRequest extends BootstrapOptions {
  readonly pairs: ScoredPairs;
  readonly people: Resampling;
  readonly quality: QualityName;
  /** Of each image, two per pair; NaN where it is not known. */
  readonly values: ArrayLike<number>;
  readonly point: { readonly far: number; readonly distance: number };
}

/** The area is taken up to here: who discards more than so many images has no system left (fiqat and NIST look at as much). */
export const areaTo = 0.3;

/** Shares at which the curve is told. */
const shares = Array.from({ length: 21 }, (_, step) => step / 40);

/**
 * Error against discarded share (Grother and Tabassi, Performance of biometric quality measures, PAMI 2007; NIST FATE Quality): the
 * quality of a pair is the lower one of its two images, the threshold is held, and pairs of equal quality leave together, so that never more
 * than the share is discarded. Intervals are over the draws of people that all figures have; each draw discards its own worst pairs.
 */
export function errorDiscard(request: ErrorDiscardRequest): ErrorDiscard {
  const { pairs, people, quality, values, point, draws, seed } = request;
  const { same, distances } = pairs;
  const ofOne = Array.from({ length: same.length }, (_, pair) => pair).filter((pair) => same[pair] === true);
  const qualityOf = (pair: number): number => Math.min(values[2 * pair] ?? NaN, values[2 * pair + 1] ?? NaN);
  const known = ofOne.filter((pair) => !Number.isNaN(qualityOf(pair)));
  const order = known.toSorted((one, other) => qualityOf(one) - qualityOf(other));
  const ends = order.map((pair, place) => qualityOf(pair) !== qualityOf(order[place + 1] ?? -1));
  const errors = order.map((pair) => Number((distances[pair] ?? 0) > point.distance));
  const measure = (weights: Float64Array): readonly number[] => {
    const steps = stepsOf({ order, ends, errors }, weights);
    const area = meanUpTo(steps, areaTo);
    return [area, area / (steps[0]?.rate ?? NaN), ...shares.map((share) => rateAt(steps, share))];
  };
  // Pairs of two persons are not in any of these figures.
  const nothing = new Float64Array(same.length);
  const figures = { measure, errors: Array.from({ length: 2 + shares.length }, () => nothing) };
  const [area, relative, ...curve] = bootstrapFigures(figures, people, { same, draws, seed });
  if (area === undefined || relative === undefined) throw new Error('two figures and a curve are measured');
  const units = new Set(known.map((pair) => people.unitOf[2 * pair])).size;
  const from = { units, worse: 'above' } as const;
  const interval = percentileInterval(relative.draws, { count: units });
  const relativeArea = { value: relative.value, ...(interval && { interval }) };
  return {
    ...{ quality, far: point.far, distance: point.distance, pairs: known.length, without: ofOne.length - known.length },
    curve: curve.map((figure, index) => pointOf(shares[index] ?? NaN, drawnShare(figure, from))),
    area: drawnShare(area, from),
    ...(Number.isFinite(relative.value) && { relativeArea }),
  };
}

function pointOf(share: number, { value, interval }: Measured): DiscardPoint {
  return { share, fnmr: value, low: interval?.low ?? null, high: interval?.high ?? null };
}

/** From this discarded share on the rate is this. */
interface Step {
  readonly from: number;
  readonly rate: number;
}

interface OrderedPairs {
  /** From the lowest quality. */
  readonly order: readonly number[];
  /** Of each place: the next pair has a greater quality. */
  readonly ends: readonly boolean[];
  readonly errors: readonly number[];
}

function stepsOf({ order, ends, errors }: OrderedPairs, weights: Float64Array): readonly Step[] {
  let [left, wrong] = [0, 0];
  for (const [place, pair] of order.entries()) {
    left += weights[pair] ?? 0;
    wrong += (weights[pair] ?? 0) * (errors[place] ?? 0);
  }
  const all = left;
  const steps: Step[] = [{ from: 0, rate: wrong / all }];
  for (const [place, pair] of order.entries()) {
    const weight = weights[pair] ?? 0;
    left -= weight;
    wrong -= weight * (errors[place] ?? 0);
    if (ends[place] === true && left > 0) steps.push({ from: 1 - left / all, rate: wrong / left });
  }
  return steps;
}

/** Shares such as 0.1 are no binary fractions: 0.1 of 30 pairs are three. */
const slack = 1e-9;

function rateAt(steps: readonly Step[], share: number): number {
  return steps.findLast(({ from }) => from <= share + slack)?.rate ?? NaN;
}

function meanUpTo(steps: readonly Step[], most: number): number {
  let sum = 0;
  for (const [index, { from, rate }] of steps.entries()) {
    if (from >= most) break;
    sum += rate * (Math.min(most, steps[index + 1]?.from ?? most) - from);
  }
  return sum / most;
}
