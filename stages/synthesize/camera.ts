import { Random } from '../../src/core/random.ts';
import { clamp } from './noise.ts';
import type { Shot } from './shot.ts';

/** Below this a blur changes nothing that can be seen. */
const leastBlur = 0.3;

/**
 * Turns linear light (red, green, blue per pixel of a square image) into bytes: lens blur, exposure and white
 * balance, tone curve, noise.
 */
export function photograph(colors: Float32Array, size: number, { camera, seed }: Shot): Uint8Array {
  const light = camera.blur < leastBlur ? colors : blur(colors, size, camera.blur);
  const random = Random.derive(seed, 'noise');
  const data = new Uint8Array(light.length);
  const gain = 2 ** camera.exposure;
  for (let at = 0; at < light.length; at += 3) {
    const red = toneCurve((light[at] ?? 0) * gain * camera.balance[0], camera.contrast);
    const green = toneCurve((light[at + 1] ?? 0) * gain * camera.balance[1], camera.contrast);
    const blue = toneCurve((light[at + 2] ?? 0) * gain * camera.balance[2], camera.contrast);
    const gray = 0.3 * red + 0.59 * green + 0.11 * blue;
    const grain = camera.noise * grainNoise(random);
    const tinge = 0.5 * camera.noise * grainNoise(random);
    data[at] = toByte(gray + camera.saturation * (red - gray), grain + tinge);
    data[at + 1] = toByte(gray + camera.saturation * (green - gray), grain);
    data[at + 2] = toByte(gray + camera.saturation * (blue - gray), grain - tinge);
  }
  return data;
}

/** A square root, as sRGB nearly is, with a shoulder that keeps highlights from clipping hard, then contrast around middle grey. */
function toneCurve(light: number, contrast: number): number {
  const exposed = Math.max(0, light);
  const shouldered = (exposed * (1 + exposed / 4)) / (0.72 + exposed);
  const encoded = Math.sqrt(Math.min(1.1, 0.98 * shouldered));
  return 0.5 + (encoded - 0.5) * contrast;
}

function toByte(value: number, grain: number): number {
  return Math.round(clamp(255 * value + grain, 0, 255));
}

/** Mean 0, deviation 1, triangular: near enough to normal for grain, and quick. */
function grainNoise(random: Random): number {
  return 1.2247 * (random.uniform(-1, 1) + random.uniform(-1, 1));
}

/** Gaussian blur, rows then columns, edges repeated. */
function blur(light: Float32Array, size: number, sigma: number): Float32Array {
  const reach = Math.ceil(2.5 * sigma);
  const weights = Array.from({ length: 2 * reach + 1 }, (_, i) => Math.exp(-((i - reach) ** 2) / (2 * sigma * sigma)));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const kernel = Float32Array.from(weights, (weight) => weight / total);
  return blurAlong(blurAlong(light, size, kernel, 1), size, kernel, size);
}

/** `stride` 1 blurs along rows, `size` along columns. */
function blurAlong(light: Float32Array, size: number, kernel: Float32Array, stride: number): Float32Array {
  const reach = (kernel.length - 1) / 2;
  const result = new Float32Array(light.length);
  for (let pixel = 0; pixel < size * size; pixel += 1) {
    const position = Math.floor(pixel / stride) % size;
    let red = 0;
    let green = 0;
    let blue = 0;
    for (let tap = 0; tap < kernel.length; tap += 1) {
      const other = 3 * (pixel + (Math.max(0, Math.min(size - 1, position + tap - reach)) - position) * stride);
      const weight = kernel[tap] ?? 0;
      red += weight * (light[other] ?? 0);
      green += weight * (light[other + 1] ?? 0);
      blue += weight * (light[other + 2] ?? 0);
    }
    result[3 * pixel] = red;
    result[3 * pixel + 1] = green;
    result[3 * pixel + 2] = blue;
  }
  return result;
}
