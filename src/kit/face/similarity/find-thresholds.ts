import { Random } from '../../../core/random.ts';
import {
  type AcceptanceThreshold,
  type CountedTail,
  estimatedPlan,
  ImpostorTail,
  type ImpostorScores,
  provenPlan,
  type SavedTail,
  type TailPlan,
} from './impostor-tail.ts';
import { scoreBins, type ScoreScan } from './score-scan.ts';
import type { ScoreBlock } from './visit-scores.ts';

/** `sample`: some blocks; `all`: every block for the first time; `again`: every block once more, which is seldom needed. */
export type PassKind = 'sample' | 'all' | 'again';

/** Pairs of a pass: how many are done, of how many. */
export type PassProgress = (done: number, total: number, kind: PassKind) => void;

/** A pass over blocks, which the caller computes into the target of the scan. */
export interface Pass {
  readonly kind: PassKind;
  /** How many blocks it visits. */
  readonly blocks: number;
  readonly firstBlock: number;
  readonly only?: (block: number) => boolean;
  /** To be called with each block once the scores that do not count are left out. */
  readonly add: (block: ScoreBlock) => void;
}

/** Where a search goes on after an interruption. */
export interface SavedSearch {
  readonly kind: 'all' | 'again';
  readonly nextBlock: number;
  readonly tail: SavedTail;
  readonly state: SearchState;
}

/** What is known between passes. */
export interface SearchState {
  /** Thresholds that were found. */
  readonly found: readonly AcceptanceThreshold[];
  /** Whole passes so far. */
  readonly passes: number;
  /** Of the sampled blocks; empty where there is no sample. */
  readonly sample: Float64Array;
  /** Of all blocks, as far down as any pass has counted. */
  readonly counted?: CountedTail;
}

export interface ThresholdSearch {
  readonly scan: ScoreScan;
  readonly scores: ImpostorScores;
  readonly rates: readonly number[];
  /** How many blocks there are. */
  readonly blocks: number;
  readonly seed: number;
  readonly resume?: SavedSearch | undefined;
  readonly visit: (pass: Pass) => Promise<void>;
  /** Is offered the state after each block; a copy is made by calling `save`. */
  readonly onBlock?: (save: () => SavedSearch) => void;
}

export interface FoundThresholds {
  /** In the order of the rates. */
  readonly thresholds: readonly AcceptanceThreshold[];
  /**
   * How many impostor scores are in each bin of score-scan.ts. Far below all thresholds, at the false acceptance rates above those that are asked for, it is
   * the sample that tells, scaled.
   */
  readonly histogram: Float64Array;
  readonly passes: number;
}

/** With fewer blocks a sample would be most of them. */
const fewestBlocks = 24;
/** One block in so many is sampled, but not fewer than a few. */
const sampleShare = 50;
const fewestSampled = 4;

/** The thresholds of rates over all blocks: see impostor-tail.ts. */
export async function findThresholds(search: ThresholdSearch): Promise<FoundThresholds> {
  const { rates, scores, scan } = search;
  let resume = search.resume;
  let state = resume?.state;
  let plan: TailPlan | undefined;
  if (state === undefined) {
    const sample = await sampled(search);
    state = { found: [], passes: 0, sample };
    plan = sample.length === 0 ? undefined : estimatedPlan(sample, rates, scores);
  }
  for (let missing = rates; missing.length > 0; missing = missingOf(rates, state)) {
    if (state.passes > mostPasses)
      throw new Error(`the threshold of ${missing.join(', ')} is not where the counts say it is`);
    if (state.counted !== undefined) plan = provenPlan(state.counted, missing, scores);
    const tail = new ImpostorTail(scan, scores, resume?.tail ?? plan ?? everything);
    await wholePass(search, tail, { state, firstBlock: resume?.nextBlock ?? 0 });
    resume = undefined;
    const found = missing.map((rate) => tail.threshold(rate)).filter((threshold) => threshold !== undefined);
    const counted = { histogram: tail.histogram().slice(), least: tail.least };
    state = {
      ...{ sample: state.sample, passes: state.passes + 1, found: [...state.found, ...found] },
      // The pass that goes farthest down tells most.
      counted: state.counted === undefined || counted.least < state.counted.least ? counted : state.counted,
    };
  }
  const { found, counted, sample, passes } = state;
  const thresholds = rates.flatMap((rate) => found.find(({ far }) => far === rate) ?? []);
  return {
    thresholds,
    passes,
    histogram: completed(counted ?? { histogram: sample, least: 0 }, sample, scores.counted),
  };
}

/** Counts all scores and keeps none: of a first pass without a sample, or of one that has to go farther down. */
const everything: TailPlan = { ranges: [], least: 0 };
/** A pass that misses, one that counts everything, and one that keeps what that has proven. */
const mostPasses = 3;

function missingOf(rates: readonly number[], { found }: SearchState): readonly number[] {
  return rates.filter((rate) => !found.some(({ far }) => far === rate));
}

/** What a sample of the blocks counts; empty if there are too few to draw from. */
async function sampled(search: ThresholdSearch): Promise<Float64Array> {
  const { blocks, scan, scores, seed } = search;
  if (blocks < fewestBlocks) return new Float64Array(0);
  const chosen = drawBlocks(blocks, Math.max(fewestSampled, Math.ceil(blocks / sampleShare)), seed);
  const tail = new ImpostorTail(scan, scores, everything);
  await search.visit({
    kind: 'sample',
    blocks: chosen.size,
    firstBlock: 0,
    only: (block) => chosen.has(block),
    add: (block) => {
      addBlock(tail, block);
    },
  });
  return tail.histogram().slice();
}

/** The counts of a pass, and below them those of the sample, so scaled that all are as many as were compared. */
function completed({ histogram, least }: CountedTail, sample: Float64Array, all: number): Float64Array {
  const own = histogram.map((count, bin) => (bin >= Math.max(1, least) ? count : 0));
  const missing = all - sumOf(own);
  const below = sample.map((count, bin) => (bin >= 1 && bin < least ? count : 0));
  const scale = missing / Math.max(1, sumOf(below));
  for (const [bin, count] of below.entries()) if (count > 0) own[bin] = count * scale;
  return own;
}

function sumOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function drawBlocks(blocks: number, count: number, seed: number): ReadonlySet<number> {
  const random = Random.derive(seed, 'sampled blocks');
  const chosen = new Set<number>();
  while (chosen.size < count) chosen.add(random.integer(blocks));
  return chosen;
}

async function wholePass(
  { visit, blocks, onBlock }: ThresholdSearch,
  tail: ImpostorTail,
  { state, firstBlock }: { readonly state: SearchState; readonly firstBlock: number },
): Promise<void> {
  const kind = state.passes === 0 ? 'all' : 'again';
  await visit({
    kind,
    blocks: blocks - firstBlock,
    firstBlock,
    add: (block) => {
      addBlock(tail, block);
      onBlock?.(() => ({ kind, nextBlock: block.index + 1, tail: tail.save(), state }));
    },
  });
}

function addBlock(tail: ImpostorTail, block: ScoreBlock): void {
  for (let row = 0; row < block.left.count; row += 1) tail.addRow(block, row);
}

/** The share of scores that are at least as high as each bin begins, from the highest bin down to where the share is `most`. */
export function acceptanceByBin(
  histogram: Float64Array,
  most: number,
): readonly (readonly [bin: number, share: number])[] {
  let total = 0;
  for (let bin = 1; bin < scoreBins.count; bin += 1) total += histogram[bin] ?? 0;
  const shares: (readonly [number, number])[] = [];
  let above = 0;
  for (let bin = scoreBins.count - 1; bin >= 1 && above <= most * total; bin -= 1) {
    const count = histogram[bin] ?? 0;
    if (count === 0) continue;
    above += count;
    shares.push([bin, above / total]);
  }
  return shares;
}
