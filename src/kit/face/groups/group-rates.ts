import type { ScoredPairs } from '../acceptance-counts.ts';
import { type BootstrapOptions, bootstrapFigures, type DrawnFigure } from '../uncertainty/bootstrap.ts';
import { drawnShare, fewestAccepted } from '../uncertainty/drawn-share.ts';
import type { Measured } from '../uncertainty/measured.ts';
import type { Resampling } from '../uncertainty/resampling.ts';
import { differenceOfRates, type RateGap } from './rate-gap.ts';

/** An error rate of the pairs of a group, or of two groups, at the threshold of the whole set. */
export interface GroupRate extends Measured {
  readonly pairs: number;
  /** Of the pairs, those that are decided wrongly. */
  readonly errors: number;
  /** Persons, or parts that share no person, that the pairs are of: what the interval draws. */
  readonly units: number;
}

/** The pairs within one group, or of one group with another. */
export interface GroupCell {
  /** One name: both images are in it; two: one image in each. */
  readonly groups: readonly [string] | readonly [string, string];
  /** False non-match rate (FNMR): pairs of one person that are rejected. Not there without such pairs. */
  readonly fnmr?: GroupRate;
  /** False match rate (FMR): pairs of different people that are accepted. Not there without such pairs. */
  readonly fmr?: GroupRate;
}

/** The rates of all groups at one threshold: that of the whole set. */
export interface GroupPoint {
  /** The false match rate that the whole set does not exceed. */
  readonly far: number;
  /** The one that the whole set reaches. */
  readonly reached: number;
  /** Greatest accepted distance. */
  readonly distance: number;
  /** First the groups in the order of the list, then every two of them. */
  readonly cells: readonly GroupCell[];
  /** Of every two groups, first less second. */
  readonly gaps: readonly RateGap[];
}

export interface GroupRatesRequest extends BootstrapOptions {
  readonly pairs: ScoredPairs;
  readonly people: Resampling;
  readonly groups: readonly string[];
  /** Of each image the position of its group, two per pair; -1: in none. */
  readonly of: ArrayLike<number>;
  /** Thresholds of the whole set. */
  readonly points: readonly Pick<GroupPoint, 'far' | 'reached' | 'distance'>[];
}

/** Pairs of one kind in one cell. */
interface Part {
  readonly groups: GroupCell['groups'];
  readonly kind: 'fnmr' | 'fmr';
  readonly pairs: readonly number[];
  readonly units: number;
}

/**
 * FNMR and FMR by group at thresholds of the whole set (ISO/IEC 19795-10: one threshold for all), with 95 % intervals over the draws
 * of people that the other figures have. The thresholds are held: what varies is who is compared at them.
 */
export function groupRates(request: GroupRatesRequest): readonly GroupPoint[] {
  const { pairs, people, points, draws, seed } = request;
  const parts = partsOf(request);
  return points.map((point) => {
    const wrong = (pair: number): boolean =>
      (pairs.distances[pair] ?? 0) > point.distance === (pairs.same[pair] === true);
    const errors = Float64Array.from({ length: pairs.same.length }, (_, pair) => Number(wrong(pair)));
    const figures = {
      measure: (weights: Float64Array) => parts.map((part) => weighedShare(part.pairs, errors, weights)),
      errors: parts.map((part) => deviations(part.pairs, errors)),
    };
    const drawn = bootstrapFigures(figures, people, { same: pairs.same, draws, seed });
    const isSet = isSetByEnough(point.far, pairs.same);
    const rates = drawn.map((figure, index) => rateOf(figure, parts[index], { errors, isSet }));
    return {
      ...point,
      cells: cellsOf(request.groups, parts, rates),
      gaps: gapsOf(parts, rates, drawn),
    };
  });
}

/** By cell and kind; without those that have no pairs. */
function partsOf({ pairs, people, groups, of }: GroupRatesRequest): readonly Part[] {
  const found = new Map<string, number[]>();
  for (let pair = 0; pair < pairs.same.length; pair += 1) {
    const [low, high] = [of[2 * pair] ?? -1, of[2 * pair + 1] ?? -1].sort((one, other) => one - other);
    if (low === undefined || high === undefined || low < 0) continue;
    const key = `${low} ${high} ${pairs.same[pair] === true ? 'fnmr' : 'fmr'}`;
    const list = found.get(key) ?? [];
    found.set(key, list);
    list.push(pair);
  }
  return cellIndices(groups.length).flatMap(([low, high]) =>
    (['fnmr', 'fmr'] as const).flatMap((kind): Part[] => {
      const list = found.get(`${low} ${high} ${kind}`);
      if (list === undefined) return [];
      const units = new Set(list.flatMap((pair) => [people.unitOf[2 * pair], people.unitOf[2 * pair + 1]])).size;
      return [{ groups: namesOf(groups, low, high), kind, pairs: list, units }];
    }),
  );
}

/** Within each group, then of every two. */
function cellIndices(count: number): readonly (readonly [number, number])[] {
  const all = Array.from({ length: count }, (_, group) => group);
  return [
    ...all.map((group) => [group, group] as const),
    ...all.flatMap((low) => all.slice(low + 1).map((high) => [low, high] as const)),
  ];
}

function namesOf(groups: readonly string[], low: number, high: number): GroupCell['groups'] {
  return low === high ? [groups[low] ?? ''] : [groups[low] ?? '', groups[high] ?? ''];
}

function weighedShare(pairs: readonly number[], errors: Float64Array, weights: Float64Array): number {
  let [sum, all] = [0, 0];
  for (const pair of pairs) {
    const weight = weights[pair] ?? 0;
    all += weight;
    sum += weight * (errors[pair] ?? 0);
  }
  return sum / all;
}

/** What each pair adds to the share of errors, 0 on average. */
function deviations(pairs: readonly number[], errors: Float64Array): Float64Array {
  const mean = weighedShare(pairs, errors, new Float64Array(errors.length).fill(1));
  const added = new Float64Array(errors.length);
  for (const pair of pairs) added[pair] = (errors[pair] ?? 0) - mean;
  return added;
}

interface Threshold {
  readonly errors: Float64Array;
  /** Set by different pairs enough that their rates in groups have an interval. */
  readonly isSet: boolean;
}

function rateOf(figure: DrawnFigure, part: Part | undefined, { errors, isSet }: Threshold): GroupRate {
  const { pairs = [], units = 0, kind = 'fnmr' } = part ?? {};
  const wrong = pairs.reduce((sum, pair) => sum + (errors[pair] ?? 0), 0);
  const rate = { pairs: pairs.length, errors: wrong, units };
  // The very pairs that set such a threshold are counted at it: simulated intervals held the truth in 85 to 88 % of sets.
  if (kind === 'fmr' && !isSet) return { value: figure.value, ...rate };
  return { ...drawnShare(figure, { units, worse: 'above' }), ...rate };
}

function isSetByEnough(far: number, same: ArrayLike<boolean>): boolean {
  return far * Array.from(same).filter((isSame) => !isSame).length >= fewestAccepted;
}

function cellsOf(groups: readonly string[], parts: readonly Part[], rates: readonly GroupRate[]): readonly GroupCell[] {
  return cellIndices(groups.length).flatMap(([low, high]): GroupCell[] => {
    const names = namesOf(groups, low, high);
    const own = parts.flatMap((part, index) => {
      const rate = rates[index];
      return rate !== undefined && part.groups.join('\t') === names.join('\t') ? [[part.kind, rate] as const] : [];
    });
    // A group without pairs of its own is in the list all the same: that it has none is what the reader has to know.
    return own.length === 0 && low !== high ? [] : [{ groups: names, ...Object.fromEntries(own) }];
  });
}

/** Within groups only: a rate across two groups has no counterpart. */
function gapsOf(
  parts: readonly Part[],
  rates: readonly GroupRate[],
  drawn: readonly DrawnFigure[],
): readonly RateGap[] {
  const within = parts.flatMap(({ groups, kind }, index) => {
    const [rate, figure] = [rates[index], drawn[index]];
    return groups.length === 1 && rate && figure ? [{ group: groups[0], kind, rate, draws: figure.draws }] : [];
  });
  return within.flatMap((one, index) =>
    within.slice(index + 1).flatMap((other) => (other.kind === one.kind ? [differenceOfRates(one, other)] : [])),
  );
}
