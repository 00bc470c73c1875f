import type { Random } from '../../../core/random.ts';
import type { RgbImage } from '../../image/rgb-image.ts';

export interface Photometric {
  readonly probability: number;
  /** How far the factors of brightness, contrast and saturation are from 1 at most. */
  readonly strength: number;
}

/**
 * Brightness, contrast and saturation in a random order, each by a factor that is uniform in 1 - `strength` to 1 + `strength`
 * (CVLface, basic_v1: torchvision's ColorJitter with 0.5 for each, on Pillow's images).
 */
export function photometric({ data }: RgbImage, { strength }: Photometric, random: Random): void {
  const changes = [brighten, contrast, saturate].map((change) => {
    return { change, factor: random.uniform(Math.max(0, 1 - strength), 1 + strength) };
  });
  random.shuffle(changes);
  for (const { change, factor } of changes) change(data, factor);
}

/** Between black and the image, or beyond it. */
export function brighten(pixels: Uint8Array, factor: number): void {
  for (let at = 0; at < pixels.length; at += 1) pixels[at] = blended(0, pixels[at] ?? 0, factor);
}

/** Between the mean lightness of the image and the image. */
export function contrast(pixels: Uint8Array, factor: number): void {
  let sum = 0;
  for (let at = 0; at < pixels.length; at += 3) sum += lightness(pixels, at);
  const mean = Math.floor(sum / (pixels.length / 3) + 0.5);
  for (let at = 0; at < pixels.length; at += 1) pixels[at] = blended(mean, pixels[at] ?? 0, factor);
}

/** Between grey of the same lightness and the image. */
export function saturate(pixels: Uint8Array, factor: number): void {
  for (let at = 0; at < pixels.length; at += 3) {
    const light = lightness(pixels, at);
    for (let channel = at; channel < at + 3; channel += 1) {
      pixels[channel] = blended(light, pixels[channel] ?? 0, factor);
    }
  }
}

/** ITU-R 601-2 in 1/65536, rounded, as Pillow converts to "L". */
function lightness(pixels: Uint8Array, at: number): number {
  const red = pixels[at] ?? 0;
  const green = pixels[at + 1] ?? 0;
  const blue = pixels[at + 2] ?? 0;
  return (red * 19_595 + green * 38_470 + blue * 7_471 + 0x8000) >> 16;
}

/** Pillow's Image.blend: cut, not rounded. */
export function blended(from: number, to: number, factor: number): number {
  return Math.trunc(Math.min(255, Math.max(0, Math.fround(from + Math.fround(factor * (to - from))))));
}
