/*
 * Counts the scores of a block of float32, and finds those that have to be looked at more closely. Scores are -1 to 1; one far below stands
 * for a pair that does not count. Addresses come from the caller, who lays out the memory: src/kit/face/similarity/score-scan.ts.
 */

/** Bins of a score: 2^15 for each unit, from `lowest` on. */
const binsPerUnit: f32 = 32768;
const lowest: f32 = -1.0625;
const bins: i32 = 69632;
/** So many neighbouring bins, as a power of two, are one step of a table of ranks. */
const stepBits: i32 = 5;
/** In a table of ranks: the score has to be compared itself. */
const unsure: u16 = 0xffff;

/** So many columns are looked at together, from the first row to the last: two lines of the cache, and tables that stay in it. */
const group: i32 = 32;

/** Scores that are at least this are counted in the histogram, and noted as kept where their bin is marked. */
let least: f32 = 0;
let histogram: usize = 0;
let marks: usize = 0;
/** Within so much of a threshold a score is not ranked. */
let margin: f32 = 0;
/** Lists of what was noted, with room for so many: the place in the block, and the score. */
let kept: usize = 0;
let undecided: usize = 0;
let room: i32 = 0;
let keptCount: i32 = 0;
let undecidedCount: i32 = 0;

/** The block that is looked at. */
let scores: usize = 0;
let rows: i32 = 0;
let columns: i32 = 0;
let minima: usize = 0;
let ranks: usize = 0;
/** Where it goes on. */
let row: i32 = 0;
let column: i32 = 0;

/** Where memory is free. */
export function free(): usize {
  return __heap_base;
}

export function count(from: f32, into: usize, marked: usize, unsure: f32): void {
  least = from;
  histogram = into;
  marks = marked;
  margin = unsure;
}

export function note(keptList: usize, undecidedList: usize, entries: i32): void {
  kept = keptList;
  undecided = undecidedList;
  room = entries;
}

export function keptScores(): i32 {
  return keptCount;
}

export function undecidedScores(): i32 {
  return undecidedCount;
}

/**
 * The block that is looked at next. No score of a column that is below its entry of `least` is looked at. `rankings`: five numbers for each
 * column: the floor above which a score has a rank (float), the addresses of a table of steps, of the counts of how many thresholds are passed,
 * of the thresholds (float, rising), and their number; 0: scores are not ranked.
 */
export function begin(block: usize, height: i32, width: i32, lowest: usize, rankings: usize): void {
  scores = block;
  rows = height;
  columns = width;
  minima = lowest;
  ranks = rankings;
  row = 0;
  column = 0;
}

/** Looks at the block until a list may be full; returns whether it has come to its end. */
export function scan(): bool {
  keptCount = 0;
  undecidedCount = 0;
  while (column + group <= columns) {
    if (!scanGroup()) return false;
    column += group;
    row = 0;
  }
  while (column < columns) {
    for (; row < rows; row += 1) {
      if (max(keptCount, undecidedCount) >= room) return false;
      if (load<f32>(scoreAt()) >= load<f32>(minima + (column << 2)))
        consider(scoreAt(), row * columns + column, column);
    }
    column += 1;
    row = 0;
  }
  return true;
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
    if (max(keptCount, undecidedCount) + group > room) return false;
    const low = i8x16.bitmask(i8x16.narrow_i16x8_s(first, second));
    const high = i8x16.bitmask(i8x16.narrow_i16x8_s(third, fourth));
    const start = row * columns + column;
    for (let lanes = low | (high << 16); lanes !== 0; lanes &= lanes - 1) {
      const lane = ctz(lanes);
      consider(at + (lane << 2), start + lane, column + lane);
    }
  }
  return true;
}

/** Of two masks of four lanes one of eight. */
function narrowed(one: v128, other: v128): v128 {
  return i16x8.narrow_i32x4_s(one, other);
}

function consider(at: usize, place: i32, own: i32): void {
  const score = load<f32>(at);
  if (score >= least) {
    const bin = binOf(score);
    increment(histogram, bin);
    if (load<u8>(marks + bin) !== 0) {
      store<i32>(kept + (keptCount << 3), place);
      store<f32>(kept + (keptCount << 3), score, 4);
      keptCount += 1;
    }
  }
  if (ranks === 0) return;
  const ranking = ranks + 20 * own;
  if (!(score > load<f32>(ranking))) return;
  const table = <usize>load<u32>(ranking, 4);
  let passed = <i32>load<u16>(table + ((<usize>(binOf(score) >> stepBits)) << 1));
  if (passed === <i32>unsure) {
    passed = below(ranking, score - margin);
    if (passed !== below(ranking, score + margin)) {
      store<i32>(undecided + (undecidedCount << 3), place);
      store<f32>(undecided + (undecidedCount << 3), score, 4);
      undecidedCount += 1;
      return;
    }
  }
  increment(<usize>load<u32>(ranking, 8), passed);
}

/** How many thresholds are less. */
function below(ranking: usize, value: f32): i32 {
  const thresholds = <usize>load<u32>(ranking, 12);
  let low: i32 = 0;
  let high = load<i32>(ranking, 16);
  while (low < high) {
    const middle = (low + high) >> 1;
    if (load<f32>(thresholds + (middle << 2)) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function binOf(score: f32): i32 {
  const bin = <i32>((score - lowest) * binsPerUnit);
  return min(max(bin, 0), bins - 1);
}

function increment(counts: usize, place: i32): void {
  const at = counts + ((<usize>place) << 2);
  store<u32>(at, load<u32>(at) + 1);
}
