import { scoreError } from '../similarity/exact-score.ts';
import { findThresholds, type PassProgress } from '../similarity/find-thresholds.ts';
import type { AcceptanceThreshold } from '../similarity/impostor-tail.ts';
import { countBelow } from '../similarity/pair-counter.ts';
import type { PairCounters } from '../similarity/pair-counters.ts';
import { offsetsOf } from '../similarity/score-bins.ts';
import { lengthTolerance } from '../similarity/stored-vectors.ts';
import { type VectorSource, vectorsInMemory } from '../similarity/vector-source.ts';
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
  const rising = probes.mates.map((mates) => mates.slice().sort());
  const found = await findThresholds({
    task: {
      ...{ columns, measure: 'distance', mates: rising },
      // A score of vectors whose squared lengths are 1 within the tolerance is their closeness and 1.
      error: scoreError(columns, 1 + lengthTolerance) + lengthTolerance,
    },
    pairs: { pairs: count * size, counted: count * distractors.rows },
    ...{ counters, left: distractors, right: vectorsInMemory(probes.values, columns) },
    ...{ rates, seed, signal, onProgress },
  });
  return { ...found, size, ranks: ranksOf(probes, rising, found.ranks) };
}

/** For each mate of a probe how many distractors are closer. */
function ranksOf({ mates }: ProbeSet, rising: readonly Float64Array[], counts: Uint32Array): readonly Uint32Array[] {
  const offsets = offsetsOf(mates);
  return mates.map((own, probe) => {
    const [sorted = new Float64Array(), start = 0] = [rising[probe], offsets[probe]];
    // closer[k]: distractors closer than the k-th mate in rising order.
    const closer = new Uint32Array(sorted.length);
    let sum = 0;
    for (let place = sorted.length; place > 0; place -= 1) {
      sum += counts[start + place] ?? 0;
      closer[place - 1] = sum;
    }
    // Mates that are equally close have the same: the first of them that is passed with all.
    return Uint32Array.from(own, (closeness) => closer[countBelow(sorted, closeness)] ?? 0);
  });
}
