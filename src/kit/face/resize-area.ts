import { roundHalfEven } from '../../core/round-half-even.ts';
import type { RgbImage } from '../image/image.ts';
import type { ImageSize } from '../image/rgb-image.ts';
import { exactMeans, roundedMeans, type Coverage, type Coverages } from './area-means.ts';
import { type AxisPlan, blendPixels, emptyPlan } from './resize-bilinear.ts';

/*
 * OpenCV's resize with INTER_AREA (modules/imgproc/src/resize.cpp), bit for bit, for images of bytes and for the same
 * values in double precision. Where both axes shrink, a pixel is the mean of the area it covers; where one does not,
 * both are interpolated, with other fractions than those of INTER_LINEAR.
 */

/** Parts of pixels that are smaller are left out. */
const sliver = 1e-3;

/** Resizes an image; the result is rounded to bytes. */
export function resizeArea(image: RgbImage, size: ImageSize): RgbImage {
  const { width, height } = size;
  if (!shrinks(image, size)) {
    return blendPixels(
      image,
      planAxis(image.width, width, 'end-alone'),
      planAxis(image.height, height, 'end-repeated'),
    );
  }
  const factors = wholeFactors(image, size);
  if (factors !== undefined) return { width, height, data: meansOfBlocks(image, size, factors) };
  return { width, height, data: roundedMeans(image, coverages(image, size), size) };
}

/** Resizes an image whose values count as 64-bit floats: [height, width, 3], not rounded. */
export function resizeAreaToFloats(image: RgbImage, size: ImageSize): Float64Array {
  if (!shrinks(image, size)) return blendExactly(image, size);
  const factors = wholeFactors(image, size);
  return factors === undefined
    ? exactMeans(image, coverages(image, size), size)
    : exactMeansOfBlocks(image, size, factors);
}

function shrinks(image: ImageSize, size: ImageSize): boolean {
  return scaleOf(image.width, size.width) >= 1 && scaleOf(image.height, size.height) >= 1;
}

/** As OpenCV computes it: the reciprocal of the reciprocal. */
function scaleOf(source: number, target: number): number {
  return 1 / (target / source);
}

/** How many source pixels a target pixel has across and down, where both are whole numbers. */
function wholeFactors(image: ImageSize, size: ImageSize): ImageSize | undefined {
  const [width, height] = [scaleOf(image.width, size.width), scaleOf(image.height, size.height)];
  const isWhole = (factor: number): boolean => Math.abs(factor - Math.round(factor)) < Number.EPSILON;
  return isWhole(width) && isWhole(height) ? { width: Math.round(width), height: Math.round(height) } : undefined;
}

function meansOfBlocks(image: RgbImage, size: ImageSize, factors: ImageSize): Uint8Array {
  const isHalf = factors.width === 2 && factors.height === 2;
  const share = Math.fround(1 / (factors.width * factors.height));
  const result = new Uint8Array(size.width * size.height * 3);
  sumsOfBlocks(image, size, factors).forEach((sum, at) => {
    result[at] = isHalf ? (sum + 2) >> 2 : roundHalfEven(Math.fround(sum * share));
  });
  return result;
}

function exactMeansOfBlocks(image: RgbImage, size: ImageSize, factors: ImageSize): Float64Array {
  const share = Math.fround(1 / (factors.width * factors.height));
  return Float64Array.from(sumsOfBlocks(image, size, factors), (sum) => sum * share);
}

function sumsOfBlocks({ data, width: sourceWidth }: RgbImage, size: ImageSize, factors: ImageSize): Float64Array {
  const sums = new Float64Array(size.width * size.height * 3);
  for (let row = 0; row < size.height * factors.height; row += 1) {
    const start = Math.floor(row / factors.height) * size.width * 3;
    let from = row * sourceWidth * 3;
    for (let at = start; at < start + size.width * 3; at += 3) {
      for (let block = 0; block < factors.width; block += 1, from += 3) {
        sums[at] = (sums[at] ?? 0) + (data[from] ?? 0);
        sums[at + 1] = (sums[at + 1] ?? 0) + (data[from + 1] ?? 0);
        sums[at + 2] = (sums[at + 2] ?? 0) + (data[from + 2] ?? 0);
      }
    }
  }
  return sums;
}

function coverage(source: number, target: number): Coverage {
  const scale = scaleOf(source, target);
  const start = new Int32Array(target + 1);
  const pixels: number[] = [];
  const shares: number[] = [];
  for (let at = 0; at < target; at += 1) {
    start[at] = pixels.length;
    const from = at * scale;
    const to = from + scale;
    const length = Math.min(scale, source - from);
    const last = Math.min(Math.floor(to), source - 1);
    const first = Math.min(Math.ceil(from), last);
    const add = (pixel: number, covered: number): void => {
      pixels.push(pixel);
      shares.push(covered / length);
    };
    if (first - from > sliver) add(first - 1, first - from);
    for (let pixel = first; pixel < last; pixel += 1) add(pixel, 1);
    if (to - last > sliver) add(last, Math.min(to - last, 1, length));
  }
  start[target] = pixels.length;
  return { start, source: Int32Array.from(pixels), share: Float32Array.from(shares) };
}

function coverages(image: ImageSize, { width, height }: ImageSize): Coverages {
  return { columns: coverage(image.width, width), rows: coverage(image.height, height) };
}

/**
 * Where an axis does not shrink: the source pixel that a target pixel begins in, and how much of the next one it covers.
 * Across, the last pixel stands alone at the border; down, its weight and that of the row repeated behind it are added.
 */
function planAxis(source: number, target: number, border: 'end-alone' | 'end-repeated'): AxisPlan {
  const inverse = target / source;
  const scale = 1 / inverse;
  const plan = emptyPlan(target);
  for (let at = 0; at < target; at += 1) {
    const start = Math.floor(at * scale);
    const covered = Math.fround(at + 1 - (start + 1) * inverse);
    const fraction = covered <= 0 ? 0 : Math.fround(covered - Math.floor(covered));
    plan.first[at] = Math.min(start, source - 1);
    plan.second[at] = Math.min(start + 1, source - 1);
    plan.fraction[at] = border === 'end-alone' && start >= source - 1 ? 0 : fraction;
  }
  return plan;
}

function blendExactly({ data, ...source }: RgbImage, { width, height }: ImageSize): Float64Array {
  const columns = planAxis(source.width, width, 'end-alone');
  const rows = planAxis(source.height, height, 'end-repeated');
  const result = new Float64Array(width * height * 3);
  for (let y = 0, at = 0; y < height; y += 1) {
    const upper = 3 * (rows.first[y] ?? 0) * source.width;
    const lower = 3 * (rows.second[y] ?? 0) * source.width;
    const down = rows.fraction[y] ?? 0;
    const up = Math.fround(1 - down);
    for (let x = 0; x < width; x += 1) {
      const left = 3 * (columns.first[x] ?? 0);
      const right = 3 * (columns.second[x] ?? 0);
      const across = columns.fraction[x] ?? 0;
      const back = Math.fround(1 - across);
      for (let channel = 0; channel < 3; channel += 1, at += 1) {
        const above = (data[upper + left + channel] ?? 0) * back + (data[upper + right + channel] ?? 0) * across;
        const below = (data[lower + left + channel] ?? 0) * back + (data[lower + right + channel] ?? 0) * across;
        result[at] = above * up + below * down;
      }
    }
  }
  return result;
}
