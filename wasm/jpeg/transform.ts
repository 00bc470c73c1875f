import { dotHigh, dotLow, high, low, pair } from './lanes';

/*
 * The inverse cosine transform of libjpeg's default, "islow" (Loeffler, Ligtenberg and Moschytz 1989, in integers: jidctint.c
 * of the Independent JPEG Group), eight columns at a time and with products of 16 bits, as libjpeg-turbo computes it
 * (simd/i386/jidctint-sse2.asm): 13 bits of fraction in the factors, 2 more bits kept between the passes. Equal to it bit for
 * bit, and so to what OpenCV, MXNet and sharp decode.
 */
const factorBits: i32 = 13;
const keptBits: i32 = 2;

// Factors in 1/8192, named as in the source by their values.
const f0298: i16 = 2446;
const f0390: i16 = 3196;
const f0541: i16 = 4433;
const f0765: i16 = 6270;
const f0899: i16 = 7373;
const f1175: i16 = 9633;
const f1501: i16 = 12299;
const f1847: i16 = 15137;
const f1961: i16 = 16069;
const f2053: i16 = 16819;
const f2562: i16 = 20995;
const f3072: i16 = 25172;

// The block between the passes: eight rows of eight 16-bit numbers.
let row0: v128 = i16x8.splat(0);
let row1: v128 = i16x8.splat(0);
let row2: v128 = i16x8.splat(0);
let row3: v128 = i16x8.splat(0);
let row4: v128 = i16x8.splat(0);
let row5: v128 = i16x8.splat(0);
let row6: v128 = i16x8.splat(0);
let row7: v128 = i16x8.splat(0);

/** Turns the 64 dequantised coefficients at `block` into samples at `target`, rows `stride` apart; the block is zero afterwards. */
export function transformBlock(block: usize, target: usize, stride: usize): void {
  row0 = v128.load(block);
  row1 = v128.load(block, 16);
  row2 = v128.load(block, 32);
  row3 = v128.load(block, 48);
  row4 = v128.load(block, 64);
  row5 = v128.load(block, 80);
  row6 = v128.load(block, 96);
  row7 = v128.load(block, 112);
  memory.fill(block, 0, 128);
  transformColumns(factorBits - keptBits);
  transpose();
  transformColumns(factorBits + keptBits + 3);
  transpose();
  storeRows(row0, row1, target, stride);
  storeRows(row2, row3, target + 2 * stride, stride);
  storeRows(row4, row5, target + 4 * stride, stride);
  storeRows(row6, row7, target + 6 * stride, stride);
}

/** The same for a block of which only the first coefficient, `dc`, is not zero. */
export function fillBlock(dc: i32, target: usize, stride: usize): void {
  const level = min(255, max(0, ((dc + (1 << keptBits)) >> 3) + 128));
  const flat = i8x16.splat(<i8>level);
  for (let row: usize = 0; row < 8; row += 1) v128.store64_lane(target + row * stride, flat, 0);
}

/** Samples are shifted by 128. */
function storeRows(first: v128, second: v128, target: usize, stride: usize): void {
  const samples = i8x16.add(i8x16.narrow_i16x8_s(first, second), i8x16.splat(-128));
  v128.store64_lane(target, samples, 0);
  v128.store64_lane(target + stride, samples, 1);
}

/** One pass; `shift`: bits that are cut off after rounding. */
function transformColumns(shift: i32): void {
  const half = i32x4.splat(1 << (shift - 1));
  const even3 = pair(f0541 + f0765, f0541);
  const even2 = pair(f0541, f0541 - f1847);
  const turn3Low = dotLow(row2, row6, even3);
  const turn3High = dotHigh(row2, row6, even3);
  const turn2Low = dotLow(row2, row6, even2);
  const turn2High = dotHigh(row2, row6, even2);
  const sum = i16x8.add(row0, row4);
  const difference = i16x8.sub(row0, row4);
  const sumLow = i32x4.add(i32x4.shl(i32x4.extend_low_i16x8_s(sum), factorBits), half);
  const sumHigh = i32x4.add(i32x4.shl(i32x4.extend_high_i16x8_s(sum), factorBits), half);
  const differenceLow = i32x4.add(i32x4.shl(i32x4.extend_low_i16x8_s(difference), factorBits), half);
  const differenceHigh = i32x4.add(i32x4.shl(i32x4.extend_high_i16x8_s(difference), factorBits), half);

  const z3 = i16x8.add(row7, row3);
  const z4 = i16x8.add(row5, row1);
  const z3Factors = pair(f1175 - f1961, f1175);
  const z4Factors = pair(f1175, f1175 - f0390);
  const z3Low = dotLow(z3, z4, z3Factors);
  const z3High = dotHigh(z3, z4, z3Factors);
  const z4Low = dotLow(z3, z4, z4Factors);
  const z4High = dotHigh(z3, z4, z4Factors);
  const odd0 = pair(f0298 - f0899, -f0899);
  const odd1 = pair(f2053 - f2562, -f2562);
  const odd2 = pair(-f2562, f3072 - f2562);
  const odd3 = pair(-f0899, f1501 - f0899);
  const odd0Low = i32x4.add(dotLow(row7, row1, odd0), z3Low);
  const odd0High = i32x4.add(dotHigh(row7, row1, odd0), z3High);
  const odd1Low = i32x4.add(dotLow(row5, row3, odd1), z4Low);
  const odd1High = i32x4.add(dotHigh(row5, row3, odd1), z4High);
  const odd2Low = i32x4.add(dotLow(row5, row3, odd2), z3Low);
  const odd2High = i32x4.add(dotHigh(row5, row3, odd2), z3High);
  const odd3Low = i32x4.add(dotLow(row7, row1, odd3), z4Low);
  const odd3High = i32x4.add(dotHigh(row7, row1, odd3), z4High);

  meet(i32x4.add(sumLow, turn3Low), i32x4.add(sumHigh, turn3High), odd3Low, odd3High, shift);
  row0 = metSum;
  row7 = metDifference;
  meet(i32x4.add(differenceLow, turn2Low), i32x4.add(differenceHigh, turn2High), odd2Low, odd2High, shift);
  row1 = metSum;
  row6 = metDifference;
  meet(i32x4.sub(differenceLow, turn2Low), i32x4.sub(differenceHigh, turn2High), odd1Low, odd1High, shift);
  row2 = metSum;
  row5 = metDifference;
  meet(i32x4.sub(sumLow, turn3Low), i32x4.sub(sumHigh, turn3High), odd0Low, odd0High, shift);
  row3 = metSum;
  row4 = metDifference;
}

let metSum: v128 = i16x8.splat(0);
let metDifference: v128 = i16x8.splat(0);

/** The even and the odd part of two rows that mirror each other. */
function meet(evenLow: v128, evenHigh: v128, oddLow: v128, oddHigh: v128, shift: i32): void {
  metSum = i16x8.narrow_i32x4_s(
    i32x4.shr_s(i32x4.add(evenLow, oddLow), shift),
    i32x4.shr_s(i32x4.add(evenHigh, oddHigh), shift),
  );
  metDifference = i16x8.narrow_i32x4_s(
    i32x4.shr_s(i32x4.sub(evenLow, oddLow), shift),
    i32x4.shr_s(i32x4.sub(evenHigh, oddHigh), shift),
  );
}

/** Rows become columns. */
function transpose(): void {
  const a0 = low(row0, row4);
  const a1 = high(row0, row4);
  const a2 = low(row1, row5);
  const a3 = high(row1, row5);
  const a4 = low(row2, row6);
  const a5 = high(row2, row6);
  const a6 = low(row3, row7);
  const a7 = high(row3, row7);
  const b0 = low(a0, a4);
  const b1 = high(a0, a4);
  const b2 = low(a1, a5);
  const b3 = high(a1, a5);
  const b4 = low(a2, a6);
  const b5 = high(a2, a6);
  const b6 = low(a3, a7);
  const b7 = high(a3, a7);
  row0 = low(b0, b4);
  row1 = high(b0, b4);
  row2 = low(b1, b5);
  row3 = high(b1, b5);
  row4 = low(b2, b6);
  row5 = high(b2, b6);
  row6 = low(b3, b7);
  row7 = high(b3, b7);
}
