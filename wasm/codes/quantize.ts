/*
 * Vectors as whole numbers, and what that costs: src/kit/face/similarity/quantized.ts. Addresses come from the caller, who lays out the memory.
 */

/** Half of the distance from 1 to the next float32. */
const unitRoundoff: f64 = 1.0 / 16777216.0;

/**
 * Writes the whole numbers of a vector of `columns` float32, -most to most, of one byte or of two; then three float32 to `numbers`: its scale,
 * its error and its length, see `Quantized`.
 */
export function quantize(vector: usize, columns: i32, codes: usize, isWide: bool, most: f32, numbers: usize): void {
  const scale = largest(vector, columns) / most;
  let squares = f64x2.splat(0);
  let errors = f64x2.splat(0);
  const whole = columns & ~3;
  for (let column = 0; column < whole; column += 4) {
    const values = v128.load(vector + ((<usize>column) << 2));
    const own = codesOf(values, scale, most);
    if (isWide) v128.store64_lane(codes + ((<usize>column) << 1), i16x8.narrow_i32x4_s(own, own), 0);
    else {
      const narrow = i16x8.narrow_i32x4_s(own, own);
      v128.store32_lane(codes + <usize>column, i8x16.narrow_i16x8_s(narrow, narrow), 0);
    }
    const low = f64x2.promote_low_f32x4(values);
    const high = f64x2.promote_low_f32x4(swapped(values));
    squares = f64x2.add(squares, f64x2.add(f64x2.mul(low, low), f64x2.mul(high, high)));
    const first = away(low, own, scale);
    const second = away(high, swapped(own), scale);
    errors = f64x2.add(errors, f64x2.add(f64x2.mul(first, first), f64x2.mul(second, second)));
  }
  let length = f64x2.extract_lane(squares, 0) + f64x2.extract_lane(squares, 1);
  let error = f64x2.extract_lane(errors, 0) + f64x2.extract_lane(errors, 1);
  for (let column = whole; column < columns; column += 1) {
    const value = load<f32>(vector + ((<usize>column) << 2));
    const code = i32x4.extract_lane(codesOf(f32x4.splat(value), scale, most), 0);
    if (isWide) store<i16>(codes + ((<usize>column) << 1), <i16>code);
    else store<i8>(codes + <usize>column, <i8>code);
    const difference = <f64>value - <f64>scale * <f64>code;
    length += <f64>value * <f64>value;
    error += difference * difference;
  }
  store<f32>(numbers, scale);
  store<f32>(numbers, roundedUp(sqrt(error)), 4);
  store<f32>(numbers, roundedUp(sqrt(length)), 8);
}

function largest(vector: usize, columns: i32): f32 {
  let four = f32x4.splat(0);
  const whole = columns & ~3;
  for (let column = 0; column < whole; column += 4)
    four = f32x4.max(four, f32x4.abs(v128.load(vector + ((<usize>column) << 2))));
  let most = max(
    max(f32x4.extract_lane(four, 0), f32x4.extract_lane(four, 1)),
    max(f32x4.extract_lane(four, 2), f32x4.extract_lane(four, 3)),
  );
  for (let column = whole; column < columns; column += 1)
    most = max(most, abs(load<f32>(vector + ((<usize>column) << 2))));
  return most;
}

/** A scale that was rounded down leads beyond the end, one of 0 nowhere. */
function codesOf(values: v128, scale: f32, most: f32): v128 {
  if (scale === 0) return i32x4.splat(0);
  const nearest = f32x4.nearest(f32x4.div(values, f32x4.splat(scale)));
  return i32x4.trunc_sat_f32x4_s(f32x4.max(f32x4.splat(-most), f32x4.min(f32x4.splat(most), nearest)));
}

function away(values: v128, codes: v128, scale: f32): v128 {
  return f64x2.sub(values, f64x2.mul(f64x2.splat(scale), f64x2.convert_low_i32x4_s(codes)));
}

/** The second half first. */
function swapped(lanes: v128): v128 {
  return v128.shuffle<i64>(lanes, lanes, 1, 0);
}

/** A float32 that is not less than a number which was computed from sums of up to 2^20 squares. */
function roundedUp(value: f64): f32 {
  return <f32>(value * (1 + 4 * unitRoundoff));
}
