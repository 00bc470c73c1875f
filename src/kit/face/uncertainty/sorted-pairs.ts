import type { ScoredPairs } from '../acceptance-counts.ts';

/** Pairs in the order of their distances, for measuring one set many times with other weights. */
export interface SortedPairs {
  /** Positions of the pairs in the set, nearest first. */
  readonly order: Int32Array;
  /** Of each place in the order: the pair shows one person. */
  readonly same: Uint8Array;
  /** Of each place in the order: the next one has a greater distance, so that a threshold can be here. */
  readonly ends: Uint8Array;
  readonly distances: Float64Array;
}

export function sortPairs(pairs: ScoredPairs): SortedPairs {
  const count = pairs.distances.length;
  const order = Int32Array.from({ length: count }, (_, pair) => pair);
  order.sort((a, b) => (pairs.distances[a] ?? 0) - (pairs.distances[b] ?? 0));
  const distances = Float64Array.from(order, (pair) => pairs.distances[pair] ?? 0);
  const same = Uint8Array.from(order, (pair) => Number(pairs.same[pair] === true));
  const ends = Uint8Array.from(order, (_, place) => Number(distances[place] !== distances[place + 1]));
  return { order, same, ends, distances };
}

/** What is accepted at a threshold above some distance. */
export interface Acceptance {
  /** Greatest distance that is accepted; -1: nothing is. */
  readonly distance: number;
  /** Share of the different pairs that is accepted (false match rate, FMR; false acceptance rate, FAR). */
  readonly far: number;
  /** Share of the same pairs that is accepted (true acceptance rate, TAR; 1 - FNMR). */
  readonly tar: number;
}

/**
 * The most that can be accepted while the false acceptance rate stays at or below each target: never above it, other than by
 * interpolation. Targets ascend. NaN where the weights leave no pairs of one of the kinds.
 */
export function acceptancesAt(pairs: SortedPairs, weights: Float64Array, targets: readonly number[]): Acceptance[] {
  const all = totals(pairs, weights);
  const found: Acceptance[] = [];
  let accepted = { same: 0, different: 0, distance: -1 };
  let same = 0;
  let different = 0;
  for (let place = 0; place < pairs.order.length && found.length < targets.length; place += 1) {
    const weight = weights[pairs.order[place] ?? 0] ?? 0;
    if (pairs.same[place] === 1) same += weight;
    else different += weight;
    if (pairs.ends[place] === 0) continue;
    while (found.length < targets.length && different > (targets[found.length] ?? 0) * all.different + slack) {
      found.push(rates(accepted, all));
    }
    accepted = { same, different, distance: pairs.distances[place] ?? 0 };
  }
  while (found.length < targets.length) found.push(rates(accepted, all));
  return found;
}

/** Targets such as 0.1 are no binary fractions: 0.1 of 30 pairs are three. */
const slack = 1e-9;

function rates(accepted: { same: number; different: number; distance: number }, all: Totals): Acceptance {
  return { distance: accepted.distance, far: accepted.different / all.different, tar: accepted.same / all.same };
}

interface Totals {
  readonly same: number;
  readonly different: number;
}

function totals({ order, same }: SortedPairs, weights: Float64Array): Totals {
  const sums = [0, 0];
  for (let place = 0; place < order.length; place += 1) {
    const kind = same[place] ?? 0;
    sums[kind] = (sums[kind] ?? 0) + (weights[order[place] ?? 0] ?? 0);
  }
  return { different: sums[0] ?? 0, same: sums[1] ?? 0 };
}

export interface Separation {
  /** Equal error rate: where false acceptances and false rejections are equally frequent, linear between two thresholds. */
  readonly eer: number;
  /** The first distance at which false acceptances are as frequent. */
  readonly eerDistance: number;
  /** Probability that a same pair is nearer than a different one, ties counting half. */
  readonly areaUnderCurve: number;
  /** d': distance of the means of both kinds, in units of the root of their mean variance. */
  readonly decidability: number;
}

/** Figures of a whole set that need no operating point; NaN where the weights leave no pairs of one of the kinds. */
export function separation(pairs: SortedPairs, weights: Float64Array): Separation {
  const all = totals(pairs, weights);
  const moments = [0, 0, 0, 0];
  let [same, different, ordered, tiedSame, tiedDifferent] = [0, 0, 0, 0, 0];
  let [eer, eerDistance] = [NaN, NaN];
  let before = { far: 0, frr: 1 };
  for (let place = 0; place < pairs.order.length; place += 1) {
    const weight = weights[pairs.order[place] ?? 0] ?? 0;
    const distance = pairs.distances[place] ?? 0;
    const kind = pairs.same[place] ?? 0;
    moments[2 * kind] = (moments[2 * kind] ?? 0) + weight * distance;
    moments[2 * kind + 1] = (moments[2 * kind + 1] ?? 0) + weight * distance ** 2;
    if (kind === 1) tiedSame += weight;
    else tiedDifferent += weight;
    if (pairs.ends[place] === 0) continue;
    ordered += tiedDifferent * (same + tiedSame / 2);
    same += tiedSame;
    different += tiedDifferent;
    [tiedSame, tiedDifferent] = [0, 0];
    const now = { far: different / all.different, frr: 1 - same / all.same };
    if (Number.isNaN(eer) && now.far >= now.frr) [eer, eerDistance] = [crossing(before, now), distance];
    before = now;
  }
  const deviation = Math.sqrt((variance(moments, 0, all.different) + variance(moments, 1, all.same)) / 2);
  const gap = Math.abs((moments[0] ?? 0) / all.different - (moments[2] ?? 0) / all.same);
  return { eer, eerDistance, areaUnderCurve: ordered / all.same / all.different, decidability: gap / deviation };
}

function variance(moments: readonly number[], kind: number, weight: number): number {
  const mean = (moments[2 * kind] ?? 0) / weight;
  return Math.max(0, (moments[2 * kind + 1] ?? 0) / weight - mean ** 2);
}

/** Where the lines through two points of both rates meet. */
function crossing(before: { far: number; frr: number }, now: { far: number; frr: number }): number {
  const gapBefore = before.frr - before.far;
  const gapNow = now.far - now.frr;
  const share = gapBefore + gapNow === 0 ? 0 : gapBefore / (gapBefore + gapNow);
  return before.far + share * (now.far - before.far);
}
