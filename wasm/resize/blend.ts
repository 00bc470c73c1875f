/*
 * OpenCV's resize with INTER_LINEAR of images of three bytes (modules/imgproc/src/resize.cpp, HResizeLinear and VResizeLinear):
 * two pixels across and then two rows are blended with weights of 11 bits. Equal to it bit for bit. Vectors of four are read and
 * written a value beyond the end.
 */
import { behind, firstArea, reach } from './room';

/** A row of the image. */
export let blendedRow: usize = 0;
/** For each pixel of the result: the places of two pixels in the row, in bytes, and their weights. 32 bits each. */
export let places: usize = 0;
/** The row of the result. */
export let blended: usize = 0;

let first: usize = 0;
let second: usize = 0;
let width: i32 = 0;

/** Makes room for rows of so many pixels that become rows of `target` pixels; false if there is none. */
export function openBlend(pixels: i32, target: i32): bool {
  width = target;
  let at = firstArea();
  blendedRow = at;
  at = behind(at, 3 * pixels);
  places = at;
  at = behind(at, 16 * target);
  blended = at;
  at = behind(at, 3 * target);
  first = at;
  at = behind(at, 12 * target);
  second = at;
  at = behind(at, 12 * target);
  return reach(at);
}

/** Blends the row across, as the second of the two that are blended down. */
export function blendAcross(): void {
  let to = second;
  for (let x: i32 = 0, at = places; x < width; x += 1, at += 16, to += 12) {
    const left = i32x4.mul(pixelAt(load<u32>(at)), v128.load32_splat(at + 8));
    const right = i32x4.mul(pixelAt(load<u32>(at + 4)), v128.load32_splat(at + 12));
    v128.store(to, i32x4.add(left, right));
  }
}

function pixelAt(place: usize): v128 {
  return i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(blendedRow + place)));
}

/** Makes the second row the first. */
export function swapRows(): void {
  const other = first;
  first = second;
  second = other;
}

/** Blends both rows down. */
export function blendDown(upper: i32, lower: i32): void {
  const upperWeight = i32x4.splat(upper);
  const lowerWeight = i32x4.splat(lower);
  const half = i32x4.splat(2);
  for (let at: usize = 0; at < <usize>(3 * width); at += 4) {
    const above = i32x4.mul(i32x4.shr_s(v128.load(first + (at << 2)), 4), upperWeight);
    const below = i32x4.mul(i32x4.shr_s(v128.load(second + (at << 2)), 4), lowerWeight);
    const sum = i32x4.add(i32x4.add(i32x4.shr_s(above, 16), i32x4.shr_s(below, 16)), half);
    const whole = i32x4.shr_s(sum, 2);
    const halves = i16x8.narrow_i32x4_u(whole, whole);
    v128.store32_lane(blended + at, i8x16.narrow_i16x8_u(halves, halves), 0);
  }
}
