import { Random } from '../../../core/random.ts';
import {
  type AcceptanceThreshold,
  estimatedRanges,
  ImpostorTail,
  type ImpostorScores,
  provenRanges,
  type SavedTail,
} from './impostor-tail.ts';
import { scoreBins, type ScoreScan } from './score-scan.ts';
import type { ScoreBlock } from './visit-scores.ts';

/** `sample`: some blocks; `all`: every block for the first time; `again`: every block once more, which is seldom needed. */
export type PassKind = 'sample' | 'all' | 'again';

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
  /** What an earlier pass has found. */
  readonly found: readonly AcceptanceThreshold[];
  /** Of all impostor scores, once they were all counted. */
  readonly histogram: Float64Array | undefined;
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
  /** How many impostor scores are in each bin of score-scan.ts. */
  readonly histogram: Float64Array;
  readonly passes: number;
}

/** With fewer blocks a sample would be most of them. */
const fewestBlocks = 24;
/** One block in so many is sampled, but not fewer than a few. */
const sampleShare = 50;
const fewestSampled = 4;

/** The thresholds of rates over all blocks: impostor-tail.ts says how. */
export async function findThresholds(search: ThresholdSearch): Promise<FoundThresholds> {
  const { resume, rates, scores } = search;
  let passes = 0;
  let found = resume?.found ?? [];
  let histogram = resume?.histogram;
  if (histogram === undefined) {
    const tail =
      resume === undefined
        ? new ImpostorTail(search.scan, scores, { ranges: await sampledRanges(search) })
        : new ImpostorTail(search.scan, scores, resume.tail);
    await wholePass(search, tail, { kind: 'all', firstBlock: resume?.nextBlock ?? 0, found: [] });
    passes += 1;
    histogram = tail.histogram().slice();
    found = thresholdsOf(tail, rates);
  }
  const missing = rates.filter((rate) => !found.some(({ far }) => far === rate));
  if (missing.length > 0) {
    const saved = resume?.kind === 'again' ? resume : undefined;
    const ranges = provenRanges(histogram, missing, scores);
    const tail = new ImpostorTail(search.scan, scores, saved?.tail ?? { ranges });
    await wholePass(search, tail, { kind: 'again', firstBlock: saved?.nextBlock ?? 0, found, histogram });
    passes += 1;
    found = [...found, ...thresholdsOf(tail, missing)];
  }
  const thresholds = rates.map((rate) => {
    const threshold = found.find(({ far }) => far === rate);
    if (threshold === undefined) throw new Error(`the threshold of the rate ${rate} is not where the counts say it is`);
    return threshold;
  });
  return { thresholds, histogram, passes };
}

function thresholdsOf(tail: ImpostorTail, rates: readonly number[]): AcceptanceThreshold[] {
  return rates.map((rate) => tail.threshold(rate)).filter((threshold) => threshold !== undefined);
}

/** Where the thresholds are by a sample of the blocks; nowhere if there are too few to draw from. */
async function sampledRanges(search: ThresholdSearch): Promise<ReturnType<typeof estimatedRanges>> {
  const { blocks, scan, scores, rates, seed } = search;
  if (blocks < fewestBlocks) return [];
  const chosen = drawBlocks(blocks, Math.max(fewestSampled, Math.ceil(blocks / sampleShare)), seed);
  const tail = new ImpostorTail(scan, scores, { ranges: [] });
  await search.visit({
    kind: 'sample',
    blocks: chosen.size,
    firstBlock: 0,
    only: (block) => chosen.has(block),
    add: (block) => {
      addBlock(tail, block);
    },
  });
  return estimatedRanges(tail.histogram(), rates, scores);
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
  state: {
    readonly kind: 'all' | 'again';
    readonly firstBlock: number;
    readonly found: readonly AcceptanceThreshold[];
    readonly histogram?: Float64Array;
  },
): Promise<void> {
  const { kind, firstBlock, found, histogram } = state;
  await visit({
    kind,
    blocks: blocks - firstBlock,
    firstBlock,
    add: (block) => {
      addBlock(tail, block);
      onBlock?.(() => ({ kind, nextBlock: block.index + 1, tail: tail.save(), found, histogram }));
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
