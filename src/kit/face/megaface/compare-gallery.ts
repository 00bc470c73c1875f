import { panelRows } from '../similarity/block-plan.ts';
import { scoreError } from '../similarity/exact-score.ts';
import { findThresholds, type PassProgress } from '../similarity/find-thresholds.ts';
import type { AcceptanceThreshold } from '../similarity/impostor-tail.ts';
import { countBelow } from '../similarity/pair-counter.ts';
import type { PairCounters } from '../similarity/pair-counters.ts';
import { offsetsOf } from '../similarity/score-bins.ts';
import { lengthTolerance } from '../similarity/stored-vectors.ts';
import { chosenVectors, type VectorSource, vectorsInMemory } from '../similarity/vector-source.ts';
import type { ProbeSet } from './probe-set.ts';

export interface GalleryRequest {
  readonly probes: ProbeSet;
  /** Distractors that may be closer than a mate. */
  readonly distractors: VectorSource;
  /** All distractors, with those that are excluded: as many as the rates are shares of. */
  readonly size: number;
  readonly rates: readonly number[];
  readonly counters: PairCounters;
  readonly seed: number;
  readonly signal: AbortSignal;
  readonly onProgress: PassProgress;
}

export interface GalleryResult {
  readonly size: number;
  /** For each probe and each of its mates, in the order of `ProbeSet.mates`: how many distractors are closer. */
  readonly ranks: readonly Uint32Array[];
  readonly thresholds: readonly AcceptanceThreshold[];
  /** Of the scores of probes and distractors, in the bins of score-bins.ts. */
  readonly histogram: Float64Array;
  readonly passes: number;
  /** Pairs of all passes that whole numbers have ruled out. */
  readonly ruledOut: number;
}

/** Compares probes with distractors: how many are closer than each mate, and where few are accepted. */
export async function compareGallery(request: GalleryRequest): Promise<GalleryResult> {
  const { probes, distractors, size, rates, counters, seed, signal, onProgress } = request;
  const { columns, count } = probes;
  const order = probeOrder(probes);
  const rising = Array.from(order, (probe) => (probes.mates[probe] ?? new Float64Array()).slice().sort());
  const found = await findThresholds({
    task: {
      ...{ columns, measure: 'distance', mates: rising },
      // A score of vectors whose squared lengths are 1 within the tolerance is their closeness and 1.
      error: scoreError(columns, 1 + lengthTolerance) + lengthTolerance,
    },
    pairs: { pairs: count * size, counted: count * distractors.rows },
    ...{ counters, left: distractors, right: chosenVectors(vectorsInMemory(probes.values, columns), order) },
    ...{ rates, seed, signal, onProgress },
  });
  return { ...found, size, ranks: ranksOf(probes, { order, rising, counts: found.ranks }) };
}

/**
 * Probes that are compared with the same distractors, those first that are far from none of their mates: of them few distractors have to
 * be looked at (code-filter.ts), and the others do not stand among them.
 */
function probeOrder({ mates, count }: ProbeSet): Uint32Array {
  const lowest = Float64Array.from(mates, (own) =>
    own.reduce((least, closeness) => Math.min(least, closeness), Infinity),
  );
  const panelOf = (probe: number): number => Math.floor(probe / panelRows);
  return Uint32Array.from({ length: count }, (_, probe) => probe).sort((one, other) => {
    if (panelOf(one) !== panelOf(other)) return one - other;
    const [a = NaN, b = NaN] = [lowest[one], lowest[other]];
    return a === b ? one - other : b - a;
  });
}

/** What was counted of probes in another order, with their mates rising. */
interface RankedProbes {
  readonly order: Uint32Array;
  readonly rising: readonly Float64Array[];
  readonly counts: Uint32Array;
}

/** For each mate of a probe how many distractors are closer. */
function ranksOf({ mates }: ProbeSet, { order, rising, counts }: RankedProbes): readonly Uint32Array[] {
  const offsets = offsetsOf(rising);
  const ranks = new Array<Uint32Array>(mates.length);
  for (const [place, probe] of order.entries()) {
    const [own = new Float64Array(), sorted = own, start = 0] = [mates[probe], rising[place], offsets[place]];
    // closer[k]: distractors closer than the k-th mate in rising order.
    const closer = new Uint32Array(sorted.length);
    let sum = 0;
    for (let passed = sorted.length; passed > 0; passed -= 1) {
      sum += counts[start + passed] ?? 0;
      closer[passed - 1] = sum;
    }
    // Mates that are equally close have the same: the first of them that is passed with all.
    ranks[probe] = Uint32Array.from(own, (closeness) => closer[countBelow(sorted, closeness)] ?? 0);
  }
  return ranks;
}
