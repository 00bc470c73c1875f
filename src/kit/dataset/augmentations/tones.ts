import type { RgbImage } from '../../image/rgb-image.ts';
import { blended } from './photometric.ts';

// As Pillow has them: ImageOps.py, ImageEnhance.py, and libImaging/Filter.c.

/** Keeps so many bits of each value. */
export function posterize(pixels: Uint8Array, bits: number): void {
  const mask = 0xff & ~(2 ** (8 - bits) - 1);
  for (const [at, value] of pixels.entries()) pixels[at] = value & mask;
}

/** Values from `threshold` on are turned round. */
export function solarize(pixels: Uint8Array, threshold: number): void {
  for (const [at, value] of pixels.entries()) if (value >= threshold) pixels[at] = 255 - value;
}

/** Makes the least value of each channel 0 and the greatest 255. */
export function stretchContrast(pixels: Uint8Array): void {
  eachChannel(pixels, (counts) => {
    const least = counts.findIndex((count) => count > 0);
    const greatest = counts.findLastIndex((count) => count > 0);
    if (greatest <= least) return undefined;
    const scale = 255 / (greatest - least);
    return (value) => Math.min(255, Math.max(0, Math.trunc(value * scale - least * scale)));
  });
}

/** Spreads the values of each channel so that all are about as frequent. */
export function equalize(pixels: Uint8Array): void {
  eachChannel(pixels, (counts) => {
    const found = counts.filter((count) => count > 0);
    const step = Math.floor((pixels.length / 3 - (found.at(-1) ?? 0)) / 255);
    if (found.length <= 1 || step === 0) return undefined;
    let sum = Math.floor(step / 2);
    const table = counts.map((count) => {
      const value = Math.floor(sum / step);
      sum += count;
      return Math.min(255, value);
    });
    return (value) => table[value] ?? value;
  });
}

/** Maps the values of each channel by what their counts say; undefined leaves the channel. */
function eachChannel(
  pixels: Uint8Array,
  mapOf: (counts: readonly number[]) => ((value: number) => number) | undefined,
): void {
  for (let channel = 0; channel < 3; channel += 1) {
    const counts = Array<number>(256).fill(0);
    for (let at = channel; at < pixels.length; at += 3) {
      const value = pixels[at] ?? 0;
      counts[value] = (counts[value] ?? 0) + 1;
    }
    const map = mapOf(counts);
    if (map === undefined) continue;
    for (let at = channel; at < pixels.length; at += 3) pixels[at] = map(pixels[at] ?? 0);
  }
}

/** Between the image smoothed over 3 x 3 pixels, its border as it is, and the image, or beyond it. */
export function sharpen({ width, height, data }: RgbImage, factor: number): void {
  const source = data.slice();
  const rowBytes = width * 3;
  for (let y = 1; y < height - 1; y += 1) {
    for (let at = y * rowBytes + 3; at < (y + 1) * rowBytes - 3; at += 1) {
      let sum = 4 * (source[at] ?? 0);
      for (let row = at - rowBytes; row <= at + rowBytes; row += rowBytes) {
        sum += (source[row - 3] ?? 0) + (source[row] ?? 0) + (source[row + 3] ?? 0);
      }
      data[at] = blended(Math.floor(sum / 13 + 0.5), source[at] ?? 0, factor);
    }
  }
}
