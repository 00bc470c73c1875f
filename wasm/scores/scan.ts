/*
 * Looks through a block of scores of left and right rows, a row of the block for each left one. Scores are float32, -1 to 1; one far below
 * stands for a pair that does not count. Or the block holds products of whole numbers, which tell of most pairs that their scores are too low to
 * matter (src/kit/face/similarity/quantized.ts); the scores of the others are computed. Addresses come from the caller, who lays out the memory:
 * src/kit/face/similarity/scan-memory.ts.
 */
import { quantize } from '../codes/quantize';
import { count, consider, emptyLists, hasRoom, keptScores, note, undecidedScores } from './tally';

export { count, keptScores, note, undecidedScores };

/** So many columns are looked at together, from the first row to the last: two lines of the cache, and tables that stay in it. */
const group: i32 = 32;
/** Stands for the product of a pair that does not count. */
const leftOut: i32 = i32.MIN_VALUE;
/** Scale, error and length of a row that was quantized. */
const numberBytes: usize = 12;

/** What a look at a block ends with. */
const isFull: i32 = 0;
const isDone: i32 = 1;
const isTooMany: i32 = 2;

/** The vectors of the rows and of the columns of the block, and of how many numbers they are. */
let left: usize = 0;
let right: usize = 0;
let width: i32 = 0;
/** Scores of at least this, as the block has them, are computed again from the vectors: the same ones, whatever has computed the block. */
let renewed: f32 = Infinity;

/** The block that is looked at. */
let scores: usize = 0;
let rows: i32 = 0;
let columns: i32 = 0;
let minima: usize = 0;
let ranks: usize = 0;
/** Where it goes on. */
let row: i32 = 0;
let column: i32 = 0;

/** Of products of whole numbers: scales of the rows; for each column what is added, and what is too low. */
let numbers: usize = 0;
let added: usize = 0;
let tooLow: usize = 0;
/** So many more scores may be computed in this block. */
let budget: i32 = 0;

/** Where memory is free. */
export function free(): usize {
  return __heap_base;
}

/** Vectors of so many float32 each; those of the columns come with each block. */
export function compare(rowVectors: usize, length: i32, from: f32): void {
  left = rowVectors;
  width = length;
  renewed = from;
}

/**
 * The block that is looked at next. No score of a column that is below its entry of `lowest` is looked at. `rankings`: five numbers for each
 * column: the floor above which a score has a rank (float), the addresses of a table of steps, of the counts of how many thresholds are passed,
 * of the thresholds (float, rising), and their number; 0: scores are not ranked.
 */
export function begin(block: usize, height: i32, width: i32, lowest: usize, rankings: usize, vectors: usize): void {
  scores = block;
  rows = height;
  columns = width;
  minima = lowest;
  ranks = rankings;
  right = vectors;
  row = 0;
  column = 0;
}

/** Quantizes rows that stand behind each other: codes of a byte, then numbers. */
export function quantizeRows(vectors: usize, count: i32, codes: usize, most: f32, into: usize): void {
  for (let at = 0; at < count; at += 1) {
    const vector = vectors + ((<usize>(at * width)) << 2);
    quantize(vector, width, codes + <usize>(at * width), false, most, into + <usize>at * numberBytes);
  }
}

/** Makes codes of a byte whole numbers without a sign, 128 more: of so many bytes, and up to 15 behind them. */
export function shiftCodes(codes: usize, bytes: i32): void {
  for (const end = codes + <usize>bytes; codes < end; codes += 16)
    v128.store(codes, v128.xor(v128.load(codes), i8x16.splat(-128)));
}

/** The block holds products: (product + added) * scale of the row is less than `least` of the column where a score is too low. */
export function bound(rowNumbers: usize, add: usize, least: usize, most: i32): void {
  numbers = rowNumbers;
  added = add;
  tooLow = least;
  budget = most;
}

export function budgetLeft(): i32 {
  return budget;
}

/** Looks at scores until a list may be full, or to the end of the block. */
export function scan(): i32 {
  emptyLists();
  for (; column + group <= columns; column += group, row = 0) if (!scanGroup()) return isFull;
  for (; column < columns; column += 1, row = 0) {
    for (; row < rows; row += 1) {
      if (!hasRoom(1)) return isFull;
      const score = load<f32>(scoreAt());
      if (score >= load<f32>(minima + (column << 2))) look(score, row, column);
    }
  }
  return isDone;
}

function scoreAt(): usize {
  return scores + ((<usize>(row * columns + column)) << 2);
}

function scanGroup(): bool {
  const lowest = minima + (column << 2);
  const a = v128.load(lowest);
  const b = v128.load(lowest, 16);
  const c = v128.load(lowest, 32);
  const d = v128.load(lowest, 48);
  const e = v128.load(lowest, 64);
  const f = v128.load(lowest, 80);
  const g = v128.load(lowest, 96);
  const h = v128.load(lowest, 112);
  let at = scoreAt();
  for (; row < rows; row += 1, at += columns << 2) {
    const first = narrowed(f32x4.ge(v128.load(at), a), f32x4.ge(v128.load(at, 16), b));
    const second = narrowed(f32x4.ge(v128.load(at, 32), c), f32x4.ge(v128.load(at, 48), d));
    const third = narrowed(f32x4.ge(v128.load(at, 64), e), f32x4.ge(v128.load(at, 80), f));
    const fourth = narrowed(f32x4.ge(v128.load(at, 96), g), f32x4.ge(v128.load(at, 112), h));
    if (!v128.any_true(v128.or(v128.or(first, second), v128.or(third, fourth)))) continue;
    if (!hasRoom(group)) return false;
    for (let lanes = lanesOf(first, second, third, fourth); lanes !== 0; lanes &= lanes - 1) {
      const lane = ctz(lanes);
      look(load<f32>(at + (lane << 2)), row, column + lane);
    }
  }
  return true;
}

/** Of two masks of four lanes one of eight. */
function narrowed(one: v128, other: v128): v128 {
  return i16x8.narrow_i32x4_s(one, other);
}

function lanesOf(first: v128, second: v128, third: v128, fourth: v128): i32 {
  const low = i8x16.bitmask(i8x16.narrow_i16x8_s(first, second));
  return low | (i8x16.bitmask(i8x16.narrow_i16x8_s(third, fourth)) << 16);
}

// @ts-ignore: of AssemblyScript
@inline
function look(score: f32, row: i32, column: i32): void {
  const own = score >= renewed ? scoreOf(row, column) : score;
  consider(own, row * columns + column, ranks === 0 ? 0 : ranks + 20 * column);
}

/** Looks at products as at scores; ends where too many are not too low. Scores may be looked at from there on. */
export function filter(): i32 {
  emptyLists();
  for (; column + group <= columns; column += group, row = 0) {
    const end = filterGroup();
    if (end !== isDone) return end;
  }
  for (; column < columns; column += 1, row = 0) {
    for (; row < rows; row += 1) {
      if (!hasRoom(1)) return isFull;
      if (budget <= 0) return isTooMany;
      const product = <f32>load<i32>(scoreAt()) + load<f32>(added + (column << 2));
      if (!(product * scaleOf(row) < load<f32>(tooLow + (column << 2)))) compute(row, column);
    }
  }
  return isDone;
}

function filterGroup(): i32 {
  const add = added + (column << 2);
  const low = tooLow + (column << 2);
  let at = scoreAt();
  for (; row < rows; row += 1, at += columns << 2) {
    const scale = f32x4.splat(scaleOf(row));
    const a = isLow(at, add, low, scale);
    const b = isLow(at + 16, add + 16, low + 16, scale);
    const c = isLow(at + 32, add + 32, low + 32, scale);
    const d = isLow(at + 48, add + 48, low + 48, scale);
    const e = isLow(at + 64, add + 64, low + 64, scale);
    const f = isLow(at + 80, add + 80, low + 80, scale);
    const g = isLow(at + 96, add + 96, low + 96, scale);
    const h = isLow(at + 112, add + 112, low + 112, scale);
    const all = v128.and(v128.and(v128.and(a, b), v128.and(c, d)), v128.and(v128.and(e, f), v128.and(g, h)));
    if (i32x4.all_true(all)) continue;
    if (!hasRoom(group)) return isFull;
    if (budget <= 0) return isTooMany;
    let lanes = ~lanesOf(narrowed(a, b), narrowed(c, d), narrowed(e, f), narrowed(g, h));
    for (; lanes !== 0; lanes &= lanes - 1) compute(row, column + ctz(lanes));
  }
  return isDone;
}

// @ts-ignore: of AssemblyScript
@inline
function isLow(at: usize, add: usize, low: usize, scale: v128): v128 {
  const product = f32x4.add(f32x4.convert_i32x4_s(v128.load(at)), v128.load(add));
  return f32x4.lt(f32x4.mul(product, scale), v128.load(low));
}

function scaleOf(row: i32): f32 {
  return load<f32>(numbers + <usize>row * numberBytes);
}

function compute(row: i32, column: i32): void {
  const place = row * columns + column;
  if (load<i32>(scores + ((<usize>place) << 2)) === leftOut) return;
  budget -= 1;
  consider(scoreOf(row, column), place, ranks === 0 ? 0 : ranks + 20 * column);
}

/** In float32; always in the same order. */
function scoreOf(row: i32, column: i32): f32 {
  let one = left + ((<usize>(row * width)) << 2);
  let other = right + ((<usize>(column * width)) << 2);
  let a = f32x4.splat(0);
  let b = f32x4.splat(0);
  let c = f32x4.splat(0);
  let d = f32x4.splat(0);
  const end = one + ((<usize>(width & ~15)) << 2);
  for (; one < end; one += 64, other += 64) {
    a = f32x4.add(a, f32x4.mul(v128.load(one), v128.load(other)));
    b = f32x4.add(b, f32x4.mul(v128.load(one, 16), v128.load(other, 16)));
    c = f32x4.add(c, f32x4.mul(v128.load(one, 32), v128.load(other, 32)));
    d = f32x4.add(d, f32x4.mul(v128.load(one, 48), v128.load(other, 48)));
  }
  const four = f32x4.add(f32x4.add(a, b), f32x4.add(c, d));
  let sum =
    f32x4.extract_lane(four, 0) +
    f32x4.extract_lane(four, 1) +
    (f32x4.extract_lane(four, 2) + f32x4.extract_lane(four, 3));
  for (const last = left + ((<usize>((row + 1) * width)) << 2); one < last; one += 4, other += 4)
    sum += load<f32>(one) * load<f32>(other);
  return sum;
}
