import { dotHigh, dotLow, pair } from './lanes';

/*
 * From the planes of a JPEG file to colours, sixteen pixels at a time, as libjpeg does by default: chroma of half resolution by
 * the triangle filter (jdsample.c, h2v1_fancy_upsample and h2v2_fancy_upsample), YCbCr to RGB with 16 bits of fraction
 * (jdcolor.c). Equal to it bit for bit. Rows are written, and read, up to fifteen pixels beyond their end.
 */

/** A row whose chroma has the resolution of its luma. */
export function paintSingles(luma: usize, blue: usize, red: usize, pixels: i32, target: usize): void {
  for (let x: i32 = 0; x < pixels; x += 16) {
    paintPixels(v128.load(luma + x), v128.load(blue + x), v128.load(red + x), target + 3 * x);
  }
}

/**
 * Sums of two rows of chroma with the weights 3 and 1, 16 bits each; those at the ends are repeated beyond them, at `sums` - 2 and
 * behind the last.
 */
export function sumRows(near: usize, other: usize, samples: i32, sums: usize): void {
  for (let x: i32 = 0; x < samples; x += 8) {
    const nearer = v128.load8x8_u(near + x);
    v128.store(sums + 2 * x, i16x8.add(i16x8.add(i16x8.shl(nearer, 1), nearer), v128.load8x8_u(other + x)));
  }
  store<i16>(sums - 2, load<i16>(sums));
  store<i16>(sums + 2 * samples, load<i16>(sums + 2 * samples - 2));
}

/**
 * A row whose chroma covers pairs of pixels, from the sums of `sumRows`. Where it has full height, a row is its own neighbour.
 * Rounding alternates, so that no colour drifts: which half is added depends on the height too.
 */
export function paintPairs(luma: usize, blue: usize, red: usize, pixels: i32, isHalfHeight: bool, target: usize): void {
  const leftHalf = i16x8.splat(isHalfHeight ? 8 : 4);
  const rightHalf = i16x8.splat(isHalfHeight ? 7 : 8);
  for (let x: i32 = 0; x < pixels; x += 16) {
    const blues = spread(blue + x, leftHalf, rightHalf);
    const reds = spread(red + x, leftHalf, rightHalf);
    paintPixels(v128.load(luma + x), blues, reds, target + 3 * x);
  }
}

/** Sixteen samples of eight sums: weights 3 and 1 across, as they were down. */
function spread(sums: usize, leftHalf: v128, rightHalf: v128): v128 {
  const sum = v128.load(sums);
  const three = i16x8.add(i16x8.shl(sum, 1), sum);
  const left = i16x8.shr_u(i16x8.add(i16x8.add(three, v128.load(sums - 2)), leftHalf), 4);
  const right = i16x8.shr_u(i16x8.add(i16x8.add(three, v128.load(sums + 2)), rightHalf), 4);
  return v128.or(left, i16x8.shl(right, 8));
}

/** Sixteen pixels of three bytes each, red first. */
function paintPixels(luma: v128, blue: v128, red: v128, target: usize): void {
  const grey = i16x8.splat(128);
  const light0 = i16x8.extend_low_i8x16_u(luma);
  const light1 = i16x8.extend_high_i8x16_u(luma);
  const blue0 = i16x8.sub(i16x8.extend_low_i8x16_u(blue), grey);
  const blue1 = i16x8.sub(i16x8.extend_high_i8x16_u(blue), grey);
  const red0 = i16x8.sub(i16x8.extend_low_i8x16_u(red), grey);
  const red1 = i16x8.sub(i16x8.extend_high_i8x16_u(red), grey);
  const r = i8x16.narrow_i16x8_u(redOf(light0, red0), redOf(light1, red1));
  const g = i8x16.narrow_i16x8_u(greenOf(light0, blue0, red0), greenOf(light1, blue1, red1));
  const b = i8x16.narrow_i16x8_u(blueOf(light0, blue0), blueOf(light1, blue1));
  storeColours(r, g, b, target);
}

/** Red and green in turns with a gap, into which blue is put. */
function storeColours(r: v128, g: v128, b: v128, target: usize): void {
  const first = v128.shuffle<i8>(r, g, 0, 16, 0, 1, 17, 0, 2, 18, 0, 3, 19, 0, 4, 20, 0, 5);
  v128.store(target, v128.shuffle<i8>(first, b, 0, 1, 16, 3, 4, 17, 6, 7, 18, 9, 10, 19, 12, 13, 20, 15));
  const second = v128.shuffle<i8>(r, g, 21, 0, 6, 22, 0, 7, 23, 0, 8, 24, 0, 9, 25, 0, 10, 26);
  v128.store(target, v128.shuffle<i8>(second, b, 0, 21, 2, 3, 22, 5, 6, 23, 8, 9, 24, 11, 12, 25, 14, 15), 16);
  const third = v128.shuffle<i8>(r, g, 0, 11, 27, 0, 12, 28, 0, 13, 29, 0, 14, 30, 0, 15, 31, 0);
  v128.store(target, v128.shuffle<i8>(third, b, 26, 1, 2, 27, 4, 5, 28, 7, 8, 29, 10, 11, 30, 13, 14, 31), 32);
}

// Factors of chroma in 1/65536; what does not fit in 16 bits is taken out as whole numbers, which changes no rounding.

/** 1.402 is 1 and 26345/65536. */
function redOf(light: v128, red: v128): v128 {
  return i16x8.add(i16x8.add(light, red), share(red, red, pair(26345, 0)));
}

/** -0.71414 is -1 and 18734/65536; -0.34414 is -22554/65536. */
function greenOf(light: v128, blue: v128, red: v128): v128 {
  return i16x8.add(i16x8.sub(light, red), share(red, blue, pair(18734, -22554)));
}

/** 1.772 is 2 and -14942/65536. */
function blueOf(light: v128, blue: v128): v128 {
  return i16x8.add(i16x8.add(light, i16x8.shl(blue, 1)), share(blue, blue, pair(-14942, 0)));
}

/** The sum of two products, rounded to whole numbers. */
function share(a: v128, b: v128, factors: v128): v128 {
  const half = i32x4.splat(1 << 15);
  return i16x8.narrow_i32x4_s(
    i32x4.shr_s(i32x4.add(dotLow(a, b, factors), half), 16),
    i32x4.shr_s(i32x4.add(dotHigh(a, b, factors), half), 16),
  );
}
