/* Pairs of 16-bit numbers, whose products are summed in 32 bits. */

/** The lower four lanes of both, in turns. */
export function low(first: v128, second: v128): v128 {
  return v128.shuffle<i16>(first, second, 0, 8, 1, 9, 2, 10, 3, 11);
}

/** The upper four lanes of both, in turns. */
export function high(first: v128, second: v128): v128 {
  return v128.shuffle<i16>(first, second, 4, 12, 5, 13, 6, 14, 7, 15);
}

/** Four times the same two factors. */
export function pair(first: i16, second: i16): v128 {
  return i32x4.splat(((<i32>first) & 0xffff) | ((<i32>second) << 16));
}

/** a times the first factor and b times the second, in the lower four lanes. */
export function dotLow(a: v128, b: v128, factors: v128): v128 {
  return i32x4.dot_i16x8_s(low(a, b), factors);
}

/** The same in the upper four lanes. */
export function dotHigh(a: v128, b: v128, factors: v128): v128 {
  return i32x4.dot_i16x8_s(high(a, b), factors);
}
