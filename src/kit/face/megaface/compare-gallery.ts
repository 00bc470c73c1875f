import { planBlocks } from '../similarity/block-plan.ts';
import { exactCloseness, scoreError } from '../similarity/exact-score.ts';
import { findThresholds, type Pass, type PassProgress } from '../similarity/find-thresholds.ts';
import type { AcceptanceThreshold, ImpostorScores } from '../similarity/impostor-tail.ts';
import type { Products } from '../similarity/products.ts';
import { ScoreScan } from '../similarity/score-scan.ts';
import { lengthTolerance } from '../similarity/stored-vectors.ts';
import { type VectorSource, vectorsInMemory } from '../similarity/vector-source.ts';
import { type ScoreBlock, visitScores } from '../similarity/visit-scores.ts';
import type { ProbeSet } from './probe-set.ts';

export interface GalleryRequest {
  readonly probes: ProbeSet;
  /** Distractors that may be closer than a mate. */
  readonly distractors: VectorSource;
  /** All distractors, with those that are excluded: as many as the rates are shares of. */
  readonly size: number;
  readonly rates: readonly number[];
  readonly products: Products;
  readonly seed: number;
  readonly signal: AbortSignal;
  readonly onProgress: PassProgress;
}

export interface GalleryResult {
  readonly size: number;
  /** For each probe and each of its mates, in the order of `ProbeSet.mates`: how many distractors are closer. */
  readonly ranks: readonly Uint32Array[];
  readonly thresholds: readonly AcceptanceThreshold[];
  /** Of the scores of probes and distractors, in the bins of score-scan.ts. */
  readonly histogram: Float64Array;
  readonly passes: number;
}

/** A score of vectors whose squared lengths are 1 within {@link lengthTolerance} is their closeness and 1. */
const shift = 1;

/** Compares probes with distractors: how many are closer than each mate, and where few are accepted. */
export async function compareGallery(request: GalleryRequest): Promise<GalleryResult> {
  const { probes, distractors, size, rates, seed } = request;
  const { columns, count } = probes;
  const error = scoreError(columns, 1 + lengthTolerance) + lengthTolerance;
  const ranking = new Ranking(probes, error);
  const scores: ImpostorScores = {
    pairs: count * size,
    counted: count * distractors.rows,
    exact: (block, row, column) => closenessIn(block, columns, row, column),
    shift,
    error,
  };
  const left = vectorsInMemory(probes.values, columns);
  const { scan } = ranking;
  const visit = ({ kind, firstBlock, only, add }: Pass): Promise<void> =>
    visitScores({
      ...{ products: request.products, left, right: distractors, target: scan.target, firstBlock },
      ...(only && { only }),
      signal: request.signal,
      visit(block) {
        // Once for each block, however often that is visited.
        if (kind === 'all') ranking.add(block);
        add(block);
      },
      onProgress: (done, total) => {
        request.onProgress(done, total, kind);
      },
    });
  const blocks = planBlocks(count, distractors.rows).count;
  const found = await findThresholds({ scan, scores, rates, blocks, seed, visit });
  return { size, ranks: ranking.ranks(), ...found };
}

function closenessIn({ left, right }: ScoreBlock, columns: number, row: number, column: number): number {
  return exactCloseness(
    { values: left.values, at: row * columns },
    { values: right.values, at: column * columns },
    columns,
  );
}

/** Counts for each probe and mate the distractors that are closer. */
class Ranking {
  readonly scan: ScoreScan;
  readonly #probes: ProbeSet;
  /** The closeness of the mates of each probe, rising. */
  readonly #rising: readonly Float64Array[];
  /** Of the distractors that had to be compared exactly: how many were closer than so many mates, for each probe. */
  readonly #compared: readonly Uint32Array[];

  constructor(probes: ProbeSet, error: number) {
    this.#probes = probes;
    this.#rising = probes.mates.map((mates) => mates.slice().sort());
    this.#compared = this.#rising.map((mates) => new Uint32Array(mates.length + 1));
    this.scan = new ScoreScan(
      this.#rising.map((mates) => mates.map((closeness) => closeness + shift)),
      error,
    );
  }

  add(block: ScoreBlock): void {
    const { left, right } = block;
    for (let row = 0; row < left.count; row += 1) {
      const probe = left.start + row;
      const start = row * right.count;
      const unsure = this.scan.rank(probe, start, start + right.count);
      for (let index = 0; index < unsure; index += 1) {
        const column = this.scan.foundColumns[2 * index] ?? 0;
        this.#compare(probe, this.scan.foundScores[2 * index + 1] ?? 0, () =>
          closenessIn(block, this.#probes.columns, row, column),
        );
      }
    }
  }

  /** Decides by the score where that is sure, otherwise by the exact closeness. */
  #compare(probe: number, score: number, exact: () => number): void {
    const rising = this.#rising[probe] ?? new Float64Array();
    const compared = this.#compared[probe] ?? new Uint32Array();
    const sure = this.scan.error;
    const low = countBelow(rising, score - shift - sure);
    const high = countBelow(rising, score - shift + sure);
    // Closer: greater than the closeness of the mate; as close is not closer.
    const passed = low === high ? low : countBelow(rising, exact());
    compared[passed] = (compared[passed] ?? 0) + 1;
  }

  ranks(): readonly Uint32Array[] {
    return this.#probes.mates.map((mates, probe) => {
      const rising = this.#rising[probe] ?? new Float64Array();
      const counts = this.scan.countsOf(probe);
      const compared = this.#compared[probe] ?? new Uint32Array();
      // closer[k]: distractors closer than the k-th mate in rising order.
      const closer = new Uint32Array(rising.length);
      let sum = 0;
      for (let place = rising.length; place > 0; place -= 1) {
        sum += (counts[place] ?? 0) + (compared[place] ?? 0);
        closer[place - 1] = sum;
      }
      // Mates that are equally close have the same: the first of them that is passed with all.
      return Uint32Array.from(mates, (closeness) => closer[countBelow(rising, closeness)] ?? 0);
    });
  }
}

/** How many of rising values are less. */
function countBelow(rising: Float64Array, value: number): number {
  let [low, high] = [0, rising.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rising[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
