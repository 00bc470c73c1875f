import { wasmInstance } from '../../../core/wasm-instance.ts';
import { productColumns, productScores, type RowRange } from './block-plan.ts';

/** What wasm/scores/scan.ts exports. */
interface ScanExports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  free(): number;
  count(...call: [least: number, histogram: number, marks: number, margin: number]): void;
  note(kept: number, undecided: number, entries: number): void;
  begin(...call: [scores: number, rows: number, columns: number, minima: number, ranks: number]): void;
  /** 0: the lists are full. */
  scan(): number;
  keptScores(): number;
  undecidedScores(): number;
}

/** How scores are put into bins; the same numbers as in wasm/scores/scan.ts. */
export const scoreBins = { count: 69_632, perUnit: 32_768, lowest: -1.0625 } as const;

/** By so much the edge of a bin may be elsewhere than {@link binEdge} says: the bins are computed in float32. */
export const edgeError = 1e-6;

/** A score below all bins that count: that of a pair which is left out. */
export const leftOut = -9;

/** Where a bin begins. */
export function binEdge(bin: number): number {
  return scoreBins.lowest + bin / scoreBins.perUnit;
}

/** The first bin that a score of at least this can be in. */
export function binBelow(score: number): number {
  return Math.max(1, Math.floor((score - edgeError - scoreBins.lowest) * scoreBins.perUnit));
}

/** Neighbouring bins that are one step of a table of ranks. */
const stepBins = 32;
const steps = scoreBins.count / stepBins;
const undecidedStep = 0xffff;

/** Entries of the lists of what is found; a scan stops where they are full, and goes on. */
const listEntries = 1 << 16;

/** What scores are looked for. */
export interface ScanPlan {
  /** Bins, from the first of each range to the one before its end: their scores are found. */
  readonly ranges: readonly (readonly [first: number, end: number])[];
  /** Scores below this bin are not counted, which takes much less time; no marked bin is below it. */
  readonly least: number;
  /** For each right row the thresholds that its scores are ranked by, rising, at most 65,534; none: scores are not ranked. */
  readonly thresholds: readonly Float64Array[];
  /** Scores within so much of a threshold are not decided. */
  readonly error: number;
}

/** Places in the block and scores, in turns: `places[2 * i]` and `scores[2 * i + 1]`. */
export interface FoundScores {
  readonly count: number;
  readonly places: Int32Array;
  readonly scores: Float32Array;
}

/** Addresses of what the module reads and writes. */
interface Layout {
  readonly scores: number;
  readonly histogram: number;
  readonly kept: number;
  readonly undecided: number;
  /** For each right row; for one product, if there are no thresholds. */
  readonly minima: number;
  /** 0: none are ranked. */
  readonly ranks: number;
  readonly counts: number;
}

/** Numbers of a column in `ranks`: floor, table, counts, thresholds, how many. */
const rankNumbers = 5;

/**
 * Looks through blocks of scores in WebAssembly, in a fraction of the time in which they are computed. Blocks are to be computed
 * into {@link target}, so that no score is copied.
 */
export class ScoreScan {
  /** Of `productScores` floats. */
  readonly target: Float32Array;
  readonly #exports: ScanExports;
  readonly #layout: Layout;
  readonly #lists: Readonly<Record<'kept' | 'undecided', Omit<FoundScores, 'count'>>>;
  /** Where the counts of each right row begin, and where the last ones end. */
  readonly #offsets: Uint32Array;

  constructor({ ranges, least, thresholds, error }: ScanPlan) {
    this.#exports = wasmInstance('scores') as ScanExports;
    this.#offsets = offsetsOf(thresholds);
    const counts = this.#offsets.at(-1) ?? 0;
    const isRanked = thresholds.length > 0;
    const take = memoryOf(this.#exports);
    const marks = take(scoreBins.count);
    const tables = take(2 * steps * thresholds.length);
    const rising = take(4 * counts);
    const layout: Layout = {
      scores: take(4 * productScores),
      histogram: take(4 * scoreBins.count),
      kept: take(8 * listEntries),
      undecided: take(8 * listEntries),
      minima: take(4 * (isRanked ? thresholds.length : productColumns)),
      ranks: isRanked ? take(4 * rankNumbers * thresholds.length) : 0,
      counts: take(4 * counts),
    };
    this.#layout = layout;
    const { buffer } = this.#exports.memory;
    const lowest = binEdge(least) - 2 * edgeError;
    const minima = new Float32Array(buffer, layout.minima, isRanked ? thresholds.length : productColumns).fill(lowest);
    for (const [row, own] of thresholds.entries()) {
      const floor = (own[0] ?? Infinity) - error - edgeError;
      minima[row] = Math.min(floor, lowest);
      const [table, offset] = [tables + 2 * steps * row, 4 * (this.#offsets[row] ?? 0)];
      fillRankTable(new Uint16Array(buffer, table, steps), own, error);
      new Float32Array(buffer, rising + offset, own.length).set(own);
      const at = layout.ranks + 4 * rankNumbers * row;
      new Float32Array(buffer, at, 1).fill(floor);
      const addresses = [table, layout.counts + offset, rising + offset, own.length];
      new Uint32Array(buffer, at + 4, addresses.length).set(addresses);
    }
    const marked = new Uint8Array(buffer, marks, scoreBins.count);
    for (const [first, end] of ranges) marked.fill(1, first, end);
    this.#exports.count(lowest, layout.histogram, marks, error + edgeError);
    this.#exports.note(layout.kept, layout.undecided, listEntries);
    this.target = new Float32Array(buffer, layout.scores, productScores);
    this.#lists = { kept: listAt(buffer, layout.kept), undecided: listAt(buffer, layout.undecided) };
  }

  /**
   * Counts the scores of a block that has been computed into the target, a row of `columns.count` for each of `rows` rows. `found` is called with those
   * of a marked bin, and with those that are too close to a threshold to be ranked, as often as the lists are full.
   */
  scan(rows: number, columns: RowRange, found: (kept: FoundScores, undecided: FoundScores) => void): void {
    const { scores, minima, ranks } = this.#layout;
    const isRanked = ranks !== 0;
    const first = isRanked ? columns.start : 0;
    const own = isRanked ? ranks + 4 * rankNumbers * first : 0;
    this.#exports.begin(scores, rows, columns.count, minima + 4 * first, own);
    for (let isDone = false; !isDone;) {
      isDone = this.#exports.scan() !== 0;
      const [kept, undecided] = [this.#exports.keptScores(), this.#exports.undecidedScores()];
      if (kept + undecided === 0) continue;
      found({ ...this.#lists.kept, count: kept }, { ...this.#lists.undecided, count: undecided });
    }
  }

  /** Adds what was counted to `histogram`, and begins again. Needed before 2^32 scores are in one bin. */
  takeHistogram(histogram: Float64Array): void {
    const counted = new Uint32Array(this.#exports.memory.buffer, this.#layout.histogram, scoreBins.count);
    for (let bin = 0; bin < scoreBins.count; bin += 1) histogram[bin] = (histogram[bin] ?? 0) + (counted[bin] ?? 0);
    counted.fill(0);
  }

  /** How many scores of each right row were above exactly 0, 1, 2 ... of its thresholds, row after row; without those that were not decided. */
  rankCounts(): Uint32Array {
    return new Uint32Array(this.#exports.memory.buffer, this.#layout.counts, this.#offsets.at(-1) ?? 0);
  }
}

/** Where the counts of each list of thresholds begin in {@link ScoreScan.rankCounts}, and their number as the last. */
export function offsetsOf(thresholds: readonly { readonly length: number }[]): Uint32Array {
  const offsets = new Uint32Array(thresholds.length + 1);
  for (const [row, { length }] of thresholds.entries()) offsets[row + 1] = (offsets[row] ?? 0) + length + 1;
  return offsets;
}

/** Takes pieces of the memory of a module, which grows by them. */
function memoryOf(module: ScanExports): (bytes: number) => number {
  const { memory } = module;
  let end = module.free();
  return (bytes) => {
    const at = Math.ceil(end / 64) * 64;
    end = at + bytes;
    const missing = Math.ceil((end - memory.buffer.byteLength) / 65_536);
    if (missing > 0) memory.grow(missing);
    return at;
  };
}

function listAt(buffer: ArrayBuffer, at: number): Omit<FoundScores, 'count'> {
  return { places: new Int32Array(buffer, at, 2 * listEntries), scores: new Float32Array(buffer, at, 2 * listEntries) };
}

/** Once per thread. */

/** For each step how many thresholds its scores are above, or that they have to be compared. */
function fillRankTable(table: Uint16Array, thresholds: Float64Array, error: number): void {
  const stepOf = (score: number): number => {
    const step = Math.floor(((score - scoreBins.lowest) * scoreBins.perUnit) / stepBins);
    return Math.min(Math.max(step, 0), steps - 1);
  };
  const near = error + 2 * edgeError;
  let next = 0;
  for (const [passed, threshold] of thresholds.entries()) {
    const first = Math.max(next, stepOf(threshold - near));
    table.fill(passed, next, first);
    next = Math.max(next, stepOf(threshold + near) + 1);
    table.fill(undecidedStep, first, next);
  }
  table.fill(thresholds.length, next);
}
