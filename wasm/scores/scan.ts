/*
 * Counts the scores of one row of a block of float32, and finds those that have to be looked at more closely. Scores are -1 to 1; one far
 * below stands for a pair that does not count. Addresses come from the caller, who lays out the memory: src/kit/face/similarity/score-scan.ts.
 */

/** Bins of a score: 2^15 for each unit, from `lowest` on. */
const binsPerUnit: f32 = 32768;
const lowest: f32 = -1.0625;
const bins: i32 = 69632;
/** So many neighbouring bins, as a power of two, are one step of a table of ranks. */
const stepBits: i32 = 5;
/** In a table of ranks: the score has to be compared itself. */
const unsure: u16 = 0xffff;

/** Where memory is free. */
export function free(): usize {
  return __heap_base;
}

function binsOf(scores: v128): v128 {
  const scaled = f32x4.mul(f32x4.sub(scores, f32x4.splat(lowest)), f32x4.splat(binsPerUnit));
  const whole = i32x4.trunc_sat_f32x4_s(scaled);
  return i32x4.min_s(i32x4.max_s(whole, i32x4.splat(0)), i32x4.splat(bins - 1));
}

function binOf(score: f32): i32 {
  return i32x4.extract_lane(binsOf(f32x4.splat(score)), 0);
}

function increment(histogram: usize, bin: i32): void {
  const at = histogram + ((<usize>bin) << 2);
  store<u32>(at, load<u32>(at) + 1);
}

/**
 * Counts the scores that are at least `least` in `histogram`, and writes those of a marked bin to `found`: column and score. Returns how
 * many. Bins below the one of `least` are not marked.
 */
export function tally(scores: usize, columns: i32, least: f32, histogram: usize, marks: usize, found: usize): i32 {
  let column: i32 = 0;
  let end = found;
  const leasts = f32x4.splat(least);
  for (; column + 8 <= columns; column += 8) {
    const at = scores + ((<usize>column) << 2);
    const high = f32x4.max(v128.load(at), v128.load(at, 16));
    if (!v128.any_true(f32x4.ge(high, leasts))) continue;
    for (let lane: i32 = 0; lane < 8; lane += 1) end = count(scores, column + lane, least, histogram, marks, end);
  }
  for (; column < columns; column += 1) end = count(scores, column, least, histogram, marks, end);
  return <i32>((end - found) >> 3);
}

function count(scores: usize, column: i32, least: f32, histogram: usize, marks: usize, end: usize): usize {
  const score = load<f32>(scores + ((<usize>column) << 2));
  if (!(score >= least)) return end;
  const bin = binOf(score);
  increment(histogram, bin);
  return load<u8>(marks + bin) === 0 ? end : note(column, score, end);
}

function note(column: i32, score: f32, end: usize): usize {
  store<i32>(end, column);
  store<f32>(end, score, 4);
  return end + 8;
}

/**
 * Counts the scores above `floor` by what `table` says of their step, and writes those of which it is not sure to `found`: column and
 * score. Returns how many.
 */
export function rank(scores: usize, columns: i32, floor: f32, table: usize, counts: usize, found: usize): i32 {
  let column: i32 = 0;
  let end = found;
  const floors = f32x4.splat(floor);
  for (; column + 8 <= columns; column += 8) {
    const at = scores + ((<usize>column) << 2);
    const high = f32x4.max(v128.load(at), v128.load(at, 16));
    if (!v128.any_true(f32x4.gt(high, floors))) continue;
    for (let lane: i32 = 0; lane < 8; lane += 1) end = countRank(scores, column + lane, floor, table, counts, end);
  }
  for (; column < columns; column += 1) end = countRank(scores, column, floor, table, counts, end);
  return <i32>((end - found) >> 3);
}

function countRank(scores: usize, column: i32, floor: f32, table: usize, counts: usize, end: usize): usize {
  const score = load<f32>(scores + ((<usize>column) << 2));
  if (!(score > floor)) return end;
  const interval = load<u16>(table + ((<usize>(binOf(score) >> stepBits)) << 1));
  if (interval === unsure) return note(column, score, end);
  increment(counts, interval);
  return end;
}
