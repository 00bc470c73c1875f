import { wasmInstance } from '../../../core/wasm-instance.ts';
import { panelRows, productColumns, productScores, stripRows } from './block-plan.ts';
import { quantizedNumbers } from './quantized.ts';
import { binEdge, edgeError, fillRankTable, offsetsOf, rankSteps, scoreBins } from './score-bins.ts';

/** What wasm/scores/scan.ts exports. `scan` and `filter` return one of {@link scanEnds}. */
interface ScanExports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  free(): number;
  count(...call: [least: number, histogram: number, marks: number, margin: number]): void;
  note(kept: number, undecided: number, entries: number): void;
  compare(rowVectors: number, columns: number, renewed: number): void;
  begin(
    ...call: [scores: number, rows: number, columns: number, minima: number, ranks: number, columnVectors: number]
  ): void;
  scan(): number;
  quantizeRows(...call: [vectors: number, count: number, codes: number, most: number, numbers: number]): void;
  shiftCodes(codes: number, bytes: number): void;
  bound(...call: [numbers: number, added: number, tooLow: number, most: number]): void;
  filter(): number;
  /** How many scores `filter` may still compute of this block. */
  budgetLeft(): number;
  keptScores(): number;
  undecidedScores(): number;
}

/** What a look at a block ends with: a list is full, the block is at its end, too many scores would have to be computed. */
export const scanEnds = { full: 0, done: 1, tooMany: 2 } as const;

/** Entries of the lists of what is found; a scan stops where they are full, and goes on. */
export const listEntries = 1 << 16;

/** What scores are looked for. */
export interface ScanPlan {
  /** Numbers of a vector. */
  readonly columns: number;
  /** Bins, from the first of each range to the one before its end: their scores are found. */
  readonly ranges: readonly (readonly [first: number, end: number])[];
  /** Scores below this bin are not counted, which takes much less time; no marked bin is below it. */
  readonly least: number;
  /** So few are counted that their scores are computed again from the vectors, in float32: the same ones, whatever has computed the products. */
  readonly countsFew: boolean;
  /** For each right row the thresholds that its scores are ranked by, rising, at most 65,534; none: scores are not ranked. */
  readonly thresholds: readonly Float64Array[];
  /** Scores within so much of a threshold are not decided. */
  readonly error: number;
}

/** Addresses of what the module reads and writes. */
interface Layout {
  /** Of a product: float32, or whole numbers of 32 bits. */
  readonly scores: number;
  readonly histogram: number;
  readonly kept: number;
  readonly undecided: number;
  /** For each right row; for one product, if there are no thresholds. */
  readonly minima: number;
  /** 0: none are ranked. */
  readonly ranks: number;
  readonly counts: number;
  /** The vectors of a strip. */
  readonly left: number;
  /** Those of a panel, and what they are quantized to: see code-filter.ts. Only where few are counted. */
  readonly right: number;
  readonly leftCodes: number;
  readonly leftNumbers: number;
  readonly rightCodes: number;
  readonly rightNumbers: number;
  readonly added: number;
  readonly tooLow: number;
}

/** Numbers of a column in `ranks`: floor, table, counts, thresholds, how many. */
export const rankNumbers = 5;

/** A WebAssembly module that looks through scores, and where what is in its memory. It does not grow any more. */
export interface ScanMemory {
  readonly module: ScanExports;
  readonly at: Layout;
  /** Numbers of a vector. */
  readonly columns: number;
  /** Where the counts of each right row begin, and where the last ones end. */
  readonly offsets: Uint32Array;
}

export function scanMemory(plan: ScanPlan): ScanMemory {
  const { ranges, least, thresholds, error, columns, countsFew } = plan;
  const module = wasmInstance('scores') as ScanExports;
  const offsets = offsetsOf(thresholds);
  const counts = offsets.at(-1) ?? 0;
  const isRanked = thresholds.length > 0;
  const take = memoryOf(module);
  const marks = take(scoreBins.count);
  const tables = take(2 * rankSteps * thresholds.length);
  const rising = take(4 * counts);
  const coded = countsFew ? 1 : 0;
  const at: Layout = {
    scores: take(4 * productScores),
    histogram: take(4 * scoreBins.count),
    kept: take(8 * listEntries),
    undecided: take(8 * listEntries),
    minima: take(4 * (isRanked ? thresholds.length : productColumns)),
    ranks: isRanked ? take(4 * rankNumbers * thresholds.length) : 0,
    counts: take(4 * counts),
    left: take(4 * stripRows * columns),
    right: take(coded * 4 * panelRows * columns),
    leftCodes: take(coded * stripRows * columns),
    leftNumbers: take(coded * 4 * quantizedNumbers * stripRows),
    rightCodes: take(coded * productColumns * columns),
    rightNumbers: take(coded * 4 * quantizedNumbers * productColumns),
    added: take(coded * 4 * productColumns),
    tooLow: take(coded * 4 * productColumns),
  };
  const { buffer } = module.memory;
  const lowest = binEdge(least) - 2 * edgeError;
  // What an engine computes, and what is computed again, are each so close to the exact score.
  const renewed = countsFew ? lowest - 2 * error - edgeError : Infinity;
  const minima = new Float32Array(buffer, at.minima, isRanked ? thresholds.length : productColumns);
  minima.fill(Math.min(lowest, renewed));
  for (const [row, own] of thresholds.entries()) {
    const floor = (own[0] ?? Infinity) - error - edgeError;
    minima[row] = Math.min(floor, lowest, renewed);
    const [table, offset] = [tables + 2 * rankSteps * row, 4 * (offsets[row] ?? 0)];
    fillRankTable(new Uint16Array(buffer, table, rankSteps), own, error);
    new Float32Array(buffer, rising + offset, own.length).set(own);
    const ranking = at.ranks + 4 * rankNumbers * row;
    new Float32Array(buffer, ranking, 1).fill(floor);
    const addresses = [table, at.counts + offset, rising + offset, own.length];
    new Uint32Array(buffer, ranking + 4, addresses.length).set(addresses);
  }
  const marked = new Uint8Array(buffer, marks, scoreBins.count);
  for (const [first, end] of ranges) marked.fill(1, first, end);
  module.count(lowest, at.histogram, marks, error + edgeError);
  module.note(at.kept, at.undecided, listEntries);
  module.compare(at.left, columns, renewed);
  return { module, at, columns, offsets };
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
