/*
 * Scores of one vector with many that are kept as a byte for each number. How far a score may be from the exact one is known for each
 * row, so that of the exact best none is missed: src/kit/face/similarity/quantized.ts. Addresses come from the caller, who lays out the
 * memory: src/kit/face/search/code-table.ts.
 */
import { quantize } from '../codes/quantize';

export { quantize };

/** Rows of a block: their codes, then four numbers of each, of four bytes: step, error, group, score. */
const blockRows: i32 = 16384;

/** Bytes of a row: a multiple of 32. */
let columns: i32 = 0;
/** The vector that is looked for: an i16 for each column, and what its numbers are multiplied by. */
let query: usize = 0;
let step: f32 = 0;
/** By how much the error of a row counts, and what is added for every row. */
let reach: f32 = 0;
let slack: f32 = 0;
/** Rows of other groups have no score. */
let group: u32 = 0;

/** What is found: the bound and the number of the row, four bytes each. */
let list: usize = 0;
let room: i32 = 0;
let found: i32 = 0;

/** Where memory is free. */
export function free(): usize {
  return __heap_base;
}

export function lookFor(codes: usize, width: i32, scale: f32, own: u32): void {
  query = codes;
  columns = width;
  step = scale;
  group = own;
}

export function bound(length: f32, margin: f32): void {
  reach = length;
  slack = margin;
}

export function note(into: usize, entries: i32): void {
  list = into;
  room = entries;
  found = 0;
}

export function noted(): i32 {
  return found;
}

/** Computes the scores of the first rows of a block; NaN for those of other groups. */
export function score(block: usize, rows: i32): void {
  const numbers = block + <usize>(blockRows * columns);
  for (let row = 0; row < rows; row += 1) {
    const own = numbers + ((<usize>row) << 4);
    if (load<u32>(own, 8) !== group) {
      store<f32>(own, NaN, 12);
      continue;
    }
    store<f32>(own, <f32>product(block + <usize>(row * columns)) * (load<f32>(own) * step), 12);
  }
}

function product(codes: usize): i32 {
  let a = i32x4.splat(0);
  let b = i32x4.splat(0);
  const end = codes + <usize>columns;
  for (let own = query; codes < end; codes += 32, own += 64) {
    a = i32x4.add(a, i32x4.dot_i16x8_s(v128.load_ext<i8>(codes), v128.load(own)));
    b = i32x4.add(b, i32x4.dot_i16x8_s(v128.load_ext<i8>(codes, 8), v128.load(own, 16)));
    a = i32x4.add(a, i32x4.dot_i16x8_s(v128.load_ext<i8>(codes, 16), v128.load(own, 32)));
    b = i32x4.add(b, i32x4.dot_i16x8_s(v128.load_ext<i8>(codes, 24), v128.load(own, 48)));
  }
  const sum = i32x4.add(a, b);
  return (
    i32x4.extract_lane(sum, 0) + i32x4.extract_lane(sum, 1) + i32x4.extract_lane(sum, 2) + i32x4.extract_lane(sum, 3)
  );
}

/** Keeps the rows with the highest of what their exact scores are at least, the highest first, beside those of other blocks. */
export function highest(block: usize, rows: i32, first: i32): void {
  const numbers = block + <usize>(blockRows * columns);
  for (let row = 0; row < rows; row += 1) {
    const own = numbers + ((<usize>row) << 4);
    const least = load<f32>(own, 12) - load<f32>(own, 4) * reach - slack;
    if (found < room ? least === least : least > load<f32>(list + ((<usize>(room - 1)) << 3)))
      insert(least, first + row);
  }
}

function insert(least: f32, row: i32): void {
  let at = found < room ? found : room - 1;
  if (found < room) found += 1;
  for (; at > 0 && load<f32>(list + ((<usize>(at - 1)) << 3)) < least; at -= 1) {
    store<u64>(list + ((<usize>at) << 3), load<u64>(list + ((<usize>(at - 1)) << 3)));
  }
  store<f32>(list + ((<usize>at) << 3), least);
  store<i32>(list + ((<usize>at) << 3), row, 4);
}

/** Notes the rows, from a row of the block on, whose exact scores may be as high as this. Returns where it goes on when the list is full. */
export function reaching(block: usize, rows: i32, first: i32, wanted: f32, from: i32): i32 {
  const numbers = block + <usize>(blockRows * columns);
  for (let row = from; row < rows; row += 1) {
    const own = numbers + ((<usize>row) << 4);
    const most = load<f32>(own, 12) + load<f32>(own, 4) * reach + slack;
    if (!(most >= wanted)) continue;
    if (found >= room) return row;
    store<f32>(list + ((<usize>found) << 3), most);
    store<i32>(list + ((<usize>found) << 3), first + row, 4);
    found += 1;
  }
  return rows;
}
