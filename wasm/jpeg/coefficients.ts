import { coefficientEntry, endOfBlock, fastBits, findCode, signed, specialEntry } from './huffman';

/* Reads the coefficients of blocks from the entropy-coded data of a scan (ITU-T T.81, annex F.2.2). */

/** Where each coefficient of a zigzag scan belongs in a block of 8 x 8. */
export const naturalOrder: usize = memory.data<u8>([
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
  35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47,
  55, 62, 63,
]);

/** What is returned where no code fits: no value is as small. */
export const damaged: i32 = i32.MIN_VALUE;

/** Zeros that have to follow the data: damaged data may be read beyond their end, by a unit of six blocks of 64 codes of 31 bits at most. */
export const paddingBytes: i32 = 2048;

const endOfImage: u8 = 0xd9;
const fastMask: u64 = (1 << fastBits) - 1;

// The last `held` bits of `bits` come next, then the words from `next` on.
let bits: u64 = 0;
let held: i32 = 0;
let next: usize = 0;
let start: usize = 0;
let length: i32 = 0;

/**
 * Takes the zeros that are stuffed in after 0xff out of the data from `from` on, and keeps them at `target` as words of 32 bits,
 * the first byte on top. False unless they end with the end of the image.
 */
export function openData(from: usize, end: usize, target: usize): bool {
  let at = from;
  let to: usize = 0;
  while (at + 1 < end) {
    const byte = load<u8>(at);
    at += 1;
    if (byte == 0xff) {
      const following = load<u8>(at);
      at += 1;
      if (following == endOfImage) return begin(target, to);
      if (following != 0) return false;
    }
    store<u8>(target + (to ^ 3), byte);
    to += 1;
  }
  return false;
}

function begin(words: usize, bytes: usize): bool {
  let filled = bytes;
  for (; (filled & 3) != 0; filled += 1) store<u8>(words + (filled ^ 3), 0);
  memory.fill(words + filled, 0, paddingBytes);
  bits = 0;
  held = 0;
  next = words;
  start = words;
  length = <i32>bytes;
  return true;
}

/** Bits that are left; negative: so many were read beyond the end. */
export function bitsLeft(): i64 {
  return (<i64>length - <i64>(next - start)) * 8 + held;
}

/** The difference of a first coefficient, or `damaged`. */
export function readFirst(table: usize): i32 {
  if (held < 32) {
    bits = (bits << 32) | load<u32>(next);
    next += 4;
    held += 32;
  }
  const entry = load<i32>(table + ((<usize>((bits >> (held - fastBits)) & fastMask)) << 2));
  if (entry != 0) {
    held -= entry & 255;
    return entry >> 16;
  }
  const found = findCode(table, (<i32>(bits >> (held - 16))) & 0xffff);
  const size = found & 255;
  if (found < 0 || size > 15) return damaged;
  held -= (found >> 8) + size;
  return signed(<i32>(bits >> held), size);
}

/**
 * Puts the other coefficients, multiplied by their steps in 16 bits, into the block. Returns the place of the last one in the
 * scan, 0 if all are zero; or `damaged`.
 */
export function readOthers(table: usize, steps: usize, block: usize): i32 {
  // In variables of this function: those of the module are memory.
  let window = bits;
  let left = held;
  let at = next;
  let place: i32 = 0;
  let last: i32 = 0;
  while (place < 63) {
    if (left < 32) {
      window = (window << 32) | load<u32>(at);
      at += 4;
      left += 32;
    }
    let entry = load<i32>(table + ((<usize>((window >> (left - fastBits)) & fastMask)) << 2));
    if (entry == 0) {
      const found = findCode(table, (<i32>(window >> (left - 16))) & 0xffff);
      if (found < 0) return damaged;
      const size = found & 15;
      left -= (found >> 8) + size;
      entry = size == 0 ? specialEntry(found & 255, 0) : longEntry(<i32>(window >> left), found);
    }
    left -= entry & 255;
    place += 1 + ((entry >> 8) & 255);
    if (place > 63) {
      if (place <= endOfBlock) return damaged;
      break;
    }
    const natural = (<usize>load<u8>(naturalOrder + place)) << 1;
    store<i16>(block + natural, (entry >> 16) * <i32>load<i16>(steps + natural));
    last = place;
  }
  bits = window;
  held = left;
  next = at;
  return last;
}

/** Of a code and a value that have more than ten bits together, which are taken already. */
function longEntry(value: i32, found: i32): i32 {
  return coefficientEntry(signed(value, found & 15), (found & 255) >> 4, 0);
}
