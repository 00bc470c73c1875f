import type { Point } from '../../draw/points.ts';
import type { AcceptanceThreshold } from '../similarity/impostor-tail.ts';
import { thinByDecade, tradeOff } from '../similarity/trade-off.ts';
import type { Interval } from '../uncertainty/proportion.ts';
import { rateIntervals } from '../uncertainty/rate-intervals.ts';
import type { GalleryResult } from './compare-gallery.ts';
import { type ProbeSet, samePairs } from './probe-set.ts';

/** A share with its 95 % interval over draws of the people of the probes; without one if there are fewer than ten. */
export interface Rate {
  readonly value: number;
  readonly interval?: Interval;
}

export interface RankRate extends Rate {
  /** Counted from 1: in so many of the closest photos, the mate is. */
  readonly rank: number;
}

export interface VerificationPoint extends AcceptanceThreshold, Rate {}

export interface GalleryFigures {
  /** Ordered pairs of probes of one person. */
  readonly trials: number;
  /** Distractors, with those that are excluded. */
  readonly size: number;
  readonly identification: readonly RankRate[];
  /** `value` is the true acceptance rate over pairs of one person. */
  readonly verification: readonly VerificationPoint[];
  /** Rank, from 1, and share. */
  readonly cmc: readonly Point[];
  /** FAR and TAR; scores in float32, see trade-off.ts. */
  readonly roc: readonly Point[];
}

/** Ranks whose rates are told. */
const toldRanks = [1, 10, 100, 1000];
const pointsPerDecade = 32;

export function galleryFigures(
  probes: ProbeSet,
  { ranks, thresholds, histogram, size }: GalleryResult,
  options: { readonly draws: number; readonly seed: number },
): GalleryFigures {
  const told = toldRanks.filter((rank) => rank === 1 || rank <= size);
  const { people } = probes;
  const trials = new Float64Array(people.people);
  const within = told.map(() => new Float64Array(people.people));
  for (const [probe, own] of ranks.entries()) {
    const person = people.person[probe] ?? 0;
    trials[person] = (trials[person] ?? 0) + own.length;
    for (const [index, rank] of told.entries()) addTo(within[index], person, countBelow(own, rank));
  }
  const identification = ratesOf({ trials, successes: within }, options);
  const same = samePairs(probes);
  const accepted = thresholds.map(({ closeness }) => acceptedByPerson(same, closeness));
  const verification = ratesOf({ trials: same.trials, successes: accepted }, options);
  const none: Rate = { value: NaN };
  return {
    trials: sumOf(trials),
    size,
    identification: told.map((rank, index) => ({ rank, ...(identification[index] ?? none) })),
    verification: thresholds.map((threshold, index) => ({ ...threshold, ...(verification[index] ?? none) })),
    cmc: thinByDecade(cmcOf(ranks), pointsPerDecade),
    roc: thinByDecade(rocOf(histogram, same.closeness), pointsPerDecade),
  };
}

/** FAR and TAR at the edges of all bins that hold impostors; `same`: the closeness of pairs of one person. */
export function rocOf(histogram: Float64Array, same: Float64Array): readonly Point[] {
  return tradeOff(histogram, same.slice().sort().reverse(), 1);
}

/** All ranks that occur, from 1, and the share of trials that are at them or before. */
export function cmcOf(ranks: readonly Uint32Array[]): readonly Point[] {
  const sorted = sortedRanks(ranks);
  const points: Point[] = [];
  for (const [index, rank] of sorted.entries()) {
    if (sorted[index + 1] !== rank) points.push([rank + 1, (index + 1) / sorted.length]);
  }
  return points;
}

/** Of all trials, rising. */
export function sortedRanks(ranks: readonly Uint32Array[]): Uint32Array {
  const all = new Uint32Array(ranks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const own of ranks) {
    all.set(own, at);
    at += own.length;
  }
  return all.sort();
}

interface Trials {
  readonly trials: Float64Array;
  readonly successes: readonly Float64Array[];
}

function ratesOf(
  { trials, successes }: Trials,
  options: { readonly draws: number; readonly seed: number },
): readonly Rate[] {
  const intervals = options.draws === 0 ? [] : rateIntervals({ trials, successes }, options);
  return successes.map((own, index) => {
    const interval = intervals[index];
    return { value: sumOf(own) / sumOf(trials), ...(interval && { interval }) };
  });
}

function acceptedByPerson(
  { closeness, trials }: { readonly closeness: Float64Array; readonly trials: Float64Array },
  threshold: number,
): Float64Array {
  let pair = 0;
  return trials.map((count) => {
    let accepted = 0;
    for (const end = pair + count; pair < end; pair += 1) if ((closeness[pair] ?? 0) > threshold) accepted += 1;
    return accepted;
  });
}

function addTo(sums: Float64Array | undefined, person: number, count: number): void {
  if (sums !== undefined) sums[person] = (sums[person] ?? 0) + count;
}

function countBelow(values: Uint32Array, bound: number): number {
  return values.reduce((count, value) => (value < bound ? count + 1 : count), 0);
}

function sumOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}
