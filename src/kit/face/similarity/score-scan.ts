import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageFolder } from '../../../core/package-folder.ts';
import { blockColumns, blockScores } from './block-plan.ts';

/** What wasm/scores/scan.ts exports. */
interface ScanExports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  free(): number;
  tally(
    ...call: [scores: number, columns: number, least: number, histogram: number, marks: number, found: number]
  ): number;
  rank(...call: [scores: number, columns: number, floor: number, table: number, counts: number, found: number]): number;
}

/** The types of Node.js 20 lack it. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: ScanExports };
};

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

/** Neighbouring bins that are one step of a table of ranks. */
const stepBins = 32;
const steps = scoreBins.count / stepBins;
const unsure = 0xffff;

/** For each row the thresholds that its scores are compared with. */
export interface RankTable {
  /** Ascending, at most 65,534. */
  readonly thresholds: Float64Array;
  /** The least score that is closer than the first threshold, or may be. */
  readonly floor: number;
  readonly table: number;
  readonly counts: number;
}

/**
 * Looks through blocks of scores in WebAssembly, in a fraction of the time in which they are computed. Blocks are to be computed
 * into {@link target}, so that no score is copied.
 */
export class ScoreScan {
  /** Of `blockScores` floats. */
  readonly target: Float32Array;
  /** Columns and scores that the last call has found, in turns. */
  readonly foundColumns: Int32Array;
  readonly foundScores: Float32Array;
  /** Within so much of a threshold nothing is decided. */
  readonly error: number;
  readonly #exports: ScanExports;
  readonly #scores: number;
  readonly #histogram: number;
  readonly #marks: number;
  readonly #found: number;
  readonly #rankTables: readonly RankTable[];
  #least = -Infinity;

  /** `thresholds`: for {@link rankRow}, a list for each row, ascending; scores within `error` of one are not decided. */
  constructor(thresholds: readonly Float64Array[] = [], error = 0) {
    this.error = error;
    compiled ??= new WebAssembly.Module(readFileSync(join(packageFolder(), 'dist/wasm/scores.wasm')));
    this.#exports = new WebAssembly.Instance(compiled).exports;
    let end = this.#exports.free();
    const take = (bytes: number): number => {
      const at = Math.ceil(end / 64) * 64;
      end = at + bytes;
      return at;
    };
    this.#scores = take(4 * blockScores);
    this.#histogram = take(4 * scoreBins.count);
    this.#marks = take(scoreBins.count);
    this.#found = take(8 * blockColumns);
    this.#rankTables = thresholds.map((own) => ({
      thresholds: own,
      floor: (own[0] ?? Infinity) - error - edgeError,
      table: take(2 * steps),
      counts: take(4 * (own.length + 1)),
    }));
    this.#grow(end);
    const { buffer } = this.#exports.memory;
    this.target = new Float32Array(buffer, this.#scores, blockScores);
    this.foundColumns = new Int32Array(buffer, this.#found, 2 * blockColumns);
    this.foundScores = new Float32Array(buffer, this.#found, 2 * blockColumns);
    for (const each of this.#rankTables)
      fillRankTable(new Uint16Array(buffer, each.table, steps), each.thresholds, error);
  }

  /**
   * Marks bins, from the first of each range to the one before its end; the scores in them are found. Scores below the bin `least` are not
   * counted, which takes much less time; no marked bin is below it.
   */
  mark(ranges: readonly (readonly [first: number, end: number])[], least: number): void {
    const marks = new Uint8Array(this.#exports.memory.buffer, this.#marks, scoreBins.count).fill(0);
    for (const [first, end] of ranges) marks.fill(1, first, end);
    this.#least = binEdge(least) - 2 * edgeError;
  }

  /** Counts the scores from `start` to before `end` of the block that are not below the least bin; returns how many of them are found. */
  tally(start: number, end: number): number {
    const at = this.#scores + 4 * start;
    return this.#exports.tally(at, end - start, this.#least, this.#histogram, this.#marks, this.#found);
  }

  /** Adds what was counted to `histogram`, and begins again. Needed before 2^32 scores are in one bin. */
  takeHistogram(histogram: Float64Array): void {
    const counted = new Uint32Array(this.#exports.memory.buffer, this.#histogram, scoreBins.count);
    for (let bin = 0; bin < scoreBins.count; bin += 1) histogram[bin] = (histogram[bin] ?? 0) + (counted[bin] ?? 0);
    counted.fill(0);
  }

  /** Counts of the scores from `start` to before `end` how many thresholds of `row` they are above; finds those that are not decided. */
  rank(row: number, start: number, end: number): number {
    const own = this.#rankTables[row];
    if (own === undefined || own.thresholds.length === 0) return 0;
    const at = this.#scores + 4 * start;
    return this.#exports.rank(at, end - start, own.floor, own.table, own.counts, this.#found);
  }

  /** How many scores were above exactly so many thresholds of a row. */
  countsOf(row: number): Uint32Array {
    const own = this.#rankTables[row];
    if (own === undefined) return new Uint32Array(0);
    return new Uint32Array(this.#exports.memory.buffer, own.counts, own.thresholds.length + 1);
  }

  #grow(end: number): void {
    const { memory } = this.#exports;
    const missing = Math.ceil((end - memory.buffer.byteLength) / 65_536);
    if (missing > 0) memory.grow(missing);
  }
}

/** Once per thread. */
let compiled: object | undefined;

/** For each step how many thresholds its scores are above, or that they have to be compared. */
function fillRankTable(table: Uint16Array, thresholds: Float64Array, error: number): void {
  const width = stepBins / scoreBins.perUnit;
  let passed = 0;
  for (let step = 0; step < steps; step += 1) {
    const begin = scoreBins.lowest + step * width - edgeError;
    const end = begin + width + 2 * edgeError;
    while (passed < thresholds.length && (thresholds[passed] ?? 0) + error < begin) passed += 1;
    const isNear = passed < thresholds.length && (thresholds[passed] ?? 0) - error <= end;
    table[step] = isNear ? unsure : passed;
  }
}
