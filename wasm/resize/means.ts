/*
 * The sums of OpenCV's resize with INTER_AREA (modules/imgproc/src/resize.cpp, ResizeArea_Invoker): across a row of an image of
 * three bytes each, then down, in 32 or in 64 bits, each product and each sum rounded, in its order. Equal to it bit for bit.
 * A row is at `row`; what each pixel of the result is made of at `start`, `source` and `share`; results are at `bytes` and at
 * `exact`. Vectors of four are read and written a value beyond the end.
 */
import { behind, firstArea, reach } from './room';

export let row: usize = 0;
/** For each pixel of the result: the first of its shares; behind the last one: their number. 32 bits each. */
export let start: usize = 0;
/** For each share: the place of the pixel in the row, in bytes. 32 bits each. */
export let source: usize = 0;
/** 32-bit floats. */
export let share: usize = 0;
export let bytes: usize = 0;
/** 64-bit floats. */
export let exact: usize = 0;

let across: usize = 0;
let sums: usize = 0;
let width: i32 = 0;

/** Makes room for rows of so many pixels that become rows of `target` pixels by `shares` shares; false if there is none. */
export function open(pixels: i32, target: i32, shares: i32): bool {
  width = target;
  let at = firstArea();
  row = at;
  at = behind(at, 3 * pixels);
  start = at;
  at = behind(at, 4 * (target + 1));
  source = at;
  at = behind(at, 4 * shares);
  share = at;
  at = behind(at, 4 * shares);
  bytes = at;
  at = behind(at, 3 * target);
  across = at;
  at = behind(at, 24 * target);
  sums = at;
  exact = at;
  at = behind(at, 24 * target);
  return reach(at);
}

/** Sums the row across, in 32 bits. */
export function sumAcross(): void {
  let tap: usize = 0;
  let to = across;
  for (let x: i32 = 0; x < width; x += 1, to += 12) {
    const end: usize = load<u32>(start + ((<usize>x + 1) << 2)) << 2;
    let sum = f32x4.splat(0);
    for (; tap < end; tap += 4) {
      const pixel = v128.load32_zero(row + load<u32>(source + tap));
      const values = f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(pixel)));
      sum = f32x4.add(sum, f32x4.mul(values, v128.load32_splat(share + tap)));
    }
    v128.store(to, sum);
  }
}

/** Adds the row down, in 32 bits. */
export function addDown(weight: f32, isFirst: bool): void {
  const weights = f32x4.splat(weight);
  for (let at: usize = 0; at < <usize>(12 * width); at += 16) {
    const product = f32x4.mul(v128.load(across + at), weights);
    v128.store(sums + at, isFirst ? product : f32x4.add(v128.load(sums + at), product));
  }
}

/** The sums as bytes, half to even. */
export function round(): void {
  for (let at: usize = 0; at < <usize>(3 * width); at += 4) {
    const whole = i32x4.trunc_sat_f32x4_u(f32x4.nearest(v128.load(sums + (at << 2))));
    const halves = i16x8.narrow_i32x4_u(whole, whole);
    v128.store32_lane(bytes + at, i8x16.narrow_i16x8_u(halves, halves), 0);
  }
}

/** Sums the row across, in 64 bits; the shares have 32. */
export function sumAcrossExactly(): void {
  let tap: usize = 0;
  let to = across;
  for (let x: i32 = 0; x < width; x += 1, to += 24) {
    const end: usize = load<u32>(start + ((<usize>x + 1) << 2)) << 2;
    let sum = f64x2.splat(0);
    let last: f64 = 0;
    for (; tap < end; tap += 4) {
      const pixel = row + load<u32>(source + tap);
      const part = <f64>load<f32>(share + tap);
      const values = f64x2.convert_low_i32x4_u(
        i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(pixel))),
      );
      sum = f64x2.add(sum, f64x2.mul(values, f64x2.splat(part)));
      last += <f64>load<u8>(pixel + 2) * part;
    }
    v128.store(to, sum);
    store<f64>(to + 16, last);
  }
}

/** Adds the row down, in 64 bits, at `exact`. */
export function addDownExactly(weight: f32, isFirst: bool): void {
  const weights = f64x2.splat(<f64>weight);
  for (let at: usize = 0; at < <usize>(24 * width); at += 16) {
    const product = f64x2.mul(v128.load(across + at), weights);
    v128.store(exact + at, isFirst ? product : f64x2.add(v128.load(exact + at), product));
  }
}
