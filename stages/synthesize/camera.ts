import { Random } from '../../src/base/random.ts';
import type { RgbImage } from '../../src/format/image.ts';
import { clamp } from './noise.ts';
import type { Canvas } from './rasterize.ts';
import type { Shot } from './shot.ts';

/** Turns a canvas of linear light, `factor` times as large as the picture, into bytes: lens blur, exposure, tone curve, noise. */
export function photograph(canvas: Canvas, factor: number, { camera, seed }: Shot): RgbImage {
  const size = canvas.size / factor;
  const light = blur(shrink(canvas, factor), size, Math.hypot(0.35, camera.blur));
  const random = Random.derive(seed, 'noise');
  const data = new Uint8Array(light.length);
  const gain = 2 ** camera.exposure;
  for (let at = 0; at < light.length; at += 3) {
    const red = toneCurve((light[at] ?? 0) * gain * camera.balance[0], camera.contrast);
    const green = toneCurve((light[at + 1] ?? 0) * gain * camera.balance[1], camera.contrast);
    const blue = toneCurve((light[at + 2] ?? 0) * gain * camera.balance[2], camera.contrast);
    const gray = 0.3 * red + 0.59 * green + 0.11 * blue;
    const grain = camera.noise * approximateNormal(random);
    const tinge = 0.5 * camera.noise * approximateNormal(random);
    data[at] = toByte(gray + camera.saturation * (red - gray), grain + tinge);
    data[at + 1] = toByte(gray + camera.saturation * (green - gray), grain);
    data[at + 2] = toByte(gray + camera.saturation * (blue - gray), grain - tinge);
  }
  return { width: size, height: size, data };
}

/** sRGB-like: a power curve with a shoulder that keeps highlights from clipping hard, then contrast around middle grey. */
function toneCurve(light: number, contrast: number): number {
  const exposed = Math.max(0, light);
  const shouldered = (exposed * (1 + exposed / 4)) / (0.72 + exposed);
  const encoded = Math.min(1.05, shouldered * 0.98) ** (1 / 2.0);
  return 0.5 + (encoded - 0.5) * contrast;
}

function toByte(value: number, grain: number): number {
  return Math.round(clamp(255 * value + grain, 0, 255));
}

/** Sum of three uniform numbers of deviation 1: near enough to a normal one, and quick. */
function approximateNormal(random: Random): number {
  return random.uniform(-1, 1) + random.uniform(-1, 1) + random.uniform(-1, 1);
}

/** Means of blocks of factor x factor pixels. */
function shrink({ size, colors }: Canvas, factor: number): Float32Array {
  const small = size / factor;
  const result = new Float32Array(3 * small * small);
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) {
      const to = 3 * (Math.floor(y / factor) * small + Math.floor(x / factor));
      const from = 3 * (y * size + x);
      for (let channel = 0; channel < 3; channel += 1) {
        result[to + channel] = (result[to + channel] ?? 0) + (colors[from + channel] ?? 0) / (factor * factor);
      }
    }
  }
  return result;
}

/** Gaussian blur, rows then columns, edges repeated. */
function blur(light: Float32Array, size: number, sigma: number): Float32Array {
  const reach = Math.ceil(2.5 * sigma);
  const weights = Array.from({ length: 2 * reach + 1 }, (_, i) => Math.exp(-((i - reach) ** 2) / (2 * sigma * sigma)));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const kernel = weights.map((weight) => weight / total);
  return blurAlong(blurAlong(light, size, kernel, 1), size, kernel, size);
}

function blurAlong(light: Float32Array, size: number, kernel: readonly number[], stride: number): Float32Array {
  const reach = (kernel.length - 1) / 2;
  const result = new Float32Array(light.length);
  for (let pixel = 0; pixel < size * size; pixel += 1) {
    const position = Math.floor(pixel / stride) % size;
    for (let tap = 0; tap < kernel.length; tap += 1) {
      const other = pixel + (clamp(position + tap - reach, 0, size - 1) - position) * stride;
      const weight = kernel[tap] ?? 0;
      for (let channel = 0; channel < 3; channel += 1) {
        result[3 * pixel + channel] = (result[3 * pixel + channel] ?? 0) + weight * (light[3 * other + channel] ?? 0);
      }
    }
  }
  return result;
}
