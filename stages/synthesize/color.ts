import { mix } from './noise.ts';

/** Linear-light red, green, blue; 0 to 1 for surfaces, any positive value for light. */
export type Color = readonly [number, number, number];

/** From 8-bit sRGB. */
export function srgb(red: number, green: number, blue: number): Color {
  return [toLinear(red), toLinear(green), toLinear(blue)];
}

export function mixColor(from: Color, to: Color, share: number): Color {
  return [mix(from[0], to[0], share), mix(from[1], to[1], share), mix(from[2], to[2], share)];
}

export function scaleColor(color: Color, factor: number): Color {
  return [color[0] * factor, color[1] * factor, color[2] * factor];
}

export function multiplyColor(a: Color, b: Color): Color {
  return [a[0] * b[0], a[1] * b[1], a[2] * b[2]];
}

/** A colour from a list of them, evenly spaced over 0 to 1. */
export function rampColor(ramp: readonly [Color, ...Color[]], position: number): Color {
  const scaled = position * (ramp.length - 1);
  const index = Math.min(ramp.length - 2, Math.max(0, Math.floor(scaled)));
  return mixColor(ramp[index] ?? ramp[0], ramp[index + 1] ?? ramp[0], scaled - index);
}

/** IEC 61966-2-1. */
function toLinear(value: number): number {
  const share = value / 255;
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
}
