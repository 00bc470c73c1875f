import type { ImageSize, RgbImage } from './rgb-image.ts';

/** OpenCV's, by the names of its constants INTER_NEAREST, INTER_LINEAR, INTER_AREA, INTER_CUBIC, INTER_LANCZOS4. */
export const interpolations = ['nearest', 'linear', 'area', 'cubic', 'lanczos4'] as const;

export type Interpolation = (typeof interpolations)[number];

/** What the samples of a line of `target` samples are made of: `count` neighbours each, from `first` on, by their weights. */
interface Taps {
  readonly count: number;
  readonly first: Int32Array;
  readonly weights: Float32Array;
}

/**
 * An image of another size, as OpenCV's `resize` makes it (modules/imgproc/src/resize.cpp): equal to it up to one level, since
 * OpenCV computes with 11 bits of fraction where this uses floats. At the border the last pixel is repeated.
 */
export function resizeImage(image: RgbImage, size: ImageSize, interpolation: Interpolation): RgbImage {
  const { width, height } = size;
  // Areas are averaged only where both sides shrink.
  const shrinks = width <= image.width && height <= image.height;
  const across = tapsOf(image.width, width, { interpolation, shrinks });
  const down = tapsOf(image.height, height, { interpolation, shrinks });
  const rows = new Float32Array(image.height * width * 3);
  for (let y = 0; y < image.height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      for (let channel = 0; channel < 3; channel += 1) {
        let sum = 0;
        for (let tap = 0; tap < across.count; tap += 1) {
          const column = clamped((across.first[x] ?? 0) + tap, image.width);
          const weight = across.weights[x * across.count + tap] ?? 0;
          sum += weight * (image.data[(y * image.width + column) * 3 + channel] ?? 0);
        }
        rows[(y * width + x) * 3 + channel] = sum;
      }
    }
  }
  const data = new Uint8Array(height * width * 3);
  const rowLength = width * 3;
  for (let y = 0; y < height; y += 1) {
    for (let at = 0; at < rowLength; at += 1) {
      let sum = 0;
      for (let tap = 0; tap < down.count; tap += 1) {
        const row = clamped((down.first[y] ?? 0) + tap, image.height);
        sum += (down.weights[y * down.count + tap] ?? 0) * (rows[row * rowLength + at] ?? 0);
      }
      data[y * rowLength + at] = Math.min(255, Math.max(0, Math.round(sum)));
    }
  }
  return { width, height, data };
}

const clamped = (index: number, length: number): number => Math.min(length - 1, Math.max(0, index));

interface TapKind {
  readonly interpolation: Interpolation;
  readonly shrinks: boolean;
}

function tapsOf(source: number, target: number, { interpolation, shrinks }: TapKind): Taps {
  const scale = source / target;
  const centre = (index: number): number => (index + 0.5) * scale - 0.5;
  switch (interpolation) {
    case 'nearest':
      return makeTaps(target, 1, (index) => ({ first: Math.floor(index * scale), weights: [1] }));
    case 'linear':
      return makeTaps(target, 2, (index) => around(centre(index), 0, linearWeights));
    case 'cubic':
      return makeTaps(target, 4, (index) => around(centre(index), 1, cubicWeights));
    case 'lanczos4':
      return makeTaps(target, 8, (index) => around(centre(index), 3, lanczosWeights));
    case 'area':
      if (!shrinks) return makeTaps(target, 2, (index) => enlargedArea(index, scale));
      return makeTaps(target, Math.ceil(scale) + 1, (index) => coveredArea(index, { scale, source }));
  }
}

interface Tap {
  readonly first: number;
  readonly weights: readonly number[];
}

function makeTaps(target: number, count: number, tapOf: (index: number) => Tap): Taps {
  const taps = { count, first: new Int32Array(target), weights: new Float32Array(target * count) };
  for (let index = 0; index < target; index += 1) {
    const { first, weights } = tapOf(index);
    taps.first[index] = first;
    taps.weights.set(weights, index * count);
  }
  return taps;
}

/** The neighbours of a position, `before` of which are before the last whole number. */
function around(position: number, before: number, weightsOf: (fraction: number) => readonly number[]): Tap {
  const whole = Math.floor(position);
  return { first: whole - before, weights: weightsOf(position - whole) };
}

const linearWeights = (fraction: number): readonly number[] => [1 - fraction, fraction];

/** Keys 1981 with a = -0.75. */
function cubicWeights(fraction: number): readonly number[] {
  const a = -0.75;
  const far = (distance: number): number => ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a;
  const near = (distance: number): number => ((a + 2) * distance - (a + 3)) * distance * distance + 1;
  return [far(fraction + 1), near(fraction), near(1 - fraction), far(2 - fraction)];
}

/** A sinc in the window of a sinc four times as wide; the sum is 1. */
function lanczosWeights(fraction: number): readonly number[] {
  const weights = Array.from({ length: 8 }, (_, tap) => sinc(fraction + 3 - tap) * sinc((fraction + 3 - tap) / 4));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

const sinc = (x: number): number => (Math.abs(x) < 1e-7 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

/** Between the two samples whose areas a smaller one touches. */
function enlargedArea(index: number, scale: number): Tap {
  const first = Math.floor(index * scale);
  const beyond = index + 1 - (first + 1) / scale;
  return { first, weights: linearWeights(beyond <= 0 ? 0 : beyond - Math.floor(beyond)) };
}

/** The mean of what is covered, the ends by their share. */
function coveredArea(index: number, { scale, source }: { readonly scale: number; readonly source: number }): Tap {
  const start = index * scale;
  const end = Math.min(source, start + scale);
  const first = Math.floor(start);
  const weights: number[] = [];
  for (let sample = first; sample < end; sample += 1) {
    weights.push(Math.max(0, Math.min(end, sample + 1) - Math.max(start, sample)) / (end - start));
  }
  return { first, weights: weights.slice(0, Math.ceil(scale) + 1) };
}
