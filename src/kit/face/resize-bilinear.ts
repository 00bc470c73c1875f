import { roundHalfEven } from '../../core/round-half-even.ts';
import type { RgbImage } from '../image/image.ts';
import type { ImageSize } from '../image/rgb-image.ts';

/** Weights have 11 bits, as in OpenCV. */
const weightScale = 2048;

/** For one axis: two source positions per target position, and the share of the second, 0..1. */
export interface AxisPlan {
  readonly first: Int32Array;
  readonly second: Int32Array;
  readonly fraction: Float32Array;
}

/**
 * Resizes without keeping the aspect: bilinear between pixel centres. Equal bit for bit to OpenCV's resize with
 * INTER_LINEAR on 8-bit images (modules/imgproc/src/resize.cpp, the path for fixed-point numbers).
 */
export function resizeBilinear(image: RgbImage, size: ImageSize): RgbImage {
  return blendPixels(image, planColumns(image.width, size.width), planRows(image.height, size.height));
}

/**
 * The same in floating point, as OpenCV resizes 32-bit images: [height, width, 3], not rounded.
 */
export function resizeBilinearToFloats(image: RgbImage, { width, height }: ImageSize): Float32Array {
  const columns = planColumns(image.width, width);
  const rows = planRows(image.height, height);
  const { data } = image;
  const result = new Float32Array(width * height * 3);
  const fround = Math.fround;
  for (let y = 0, at = 0; y < height; y += 1) {
    const upper = (rows.first[y] ?? 0) * image.width;
    const lower = (rows.second[y] ?? 0) * image.width;
    const down = rows.fraction[y] ?? 0;
    const up = fround(1 - down);
    for (let x = 0; x < width; x += 1) {
      const left = 3 * (columns.first[x] ?? 0);
      const right = 3 * (columns.second[x] ?? 0);
      const across = columns.fraction[x] ?? 0;
      const back = fround(1 - across);
      for (let channel = 0; channel < 3; channel += 1, at += 1) {
        const above = 3 * upper + channel;
        const below = 3 * lower + channel;
        const first = fround(fround((data[above + left] ?? 0) * back) + fround((data[above + right] ?? 0) * across));
        const second = fround(fround((data[below + left] ?? 0) * back) + fround((data[below + right] ?? 0) * across));
        result[at] = fround(fround(first * up) + fround(second * down));
      }
    }
  }
  return result;
}

/** Blends the pixels of two columns and two rows with weights of 11 bits. */
export function blendPixels(image: RgbImage, columns: AxisPlan, rows: AxisPlan): RgbImage {
  const [width, height] = [columns.first.length, rows.first.length];
  const [left, right] = fixedWeights(columns);
  const [up, down] = fixedWeights(rows);
  const result = new Uint8Array(width * height * 3);
  // Two blended rows of the source, and which ones they are: most are needed for several rows of the target.
  let [upper, lower] = [new Int32Array(width * 3), new Int32Array(width * 3)];
  let [upperRow, lowerRow] = [-1, -1];
  for (let y = 0; y < height; y += 1) {
    const first = rows.first[y] ?? 0;
    const second = rows.second[y] ?? 0;
    if (first === lowerRow) {
      [upper, lower] = [lower, upper];
      [upperRow, lowerRow] = [lowerRow, upperRow];
    }
    if (first !== upperRow) blendRow(image, first, { columns, left, right, target: upper });
    upperRow = first;
    if (second !== lowerRow) blendRow(image, second, { columns, left, right, target: lower });
    lowerRow = second;
    const upperWeight = up[y] ?? 0;
    const lowerWeight = down[y] ?? 0;
    const start = y * width * 3;
    for (let at = 0; at < width * 3; at += 1) {
      const sum =
        (Math.imul(upperWeight, (upper[at] ?? 0) >> 4) >> 16) + (Math.imul(lowerWeight, (lower[at] ?? 0) >> 4) >> 16);
      result[start + at] = (sum + 2) >> 2;
    }
  }
  return { width, height, data: result };
}

/** Across, the end pixels stand alone beyond the borders. */
function planColumns(source: number, target: number): AxisPlan {
  return planAxis(source, target, (start, fraction) => {
    const isBeyond = start < 0 || start >= source - 1;
    return isBeyond ? 0 : fraction;
  });
}

/** Down, the weights stay and the rows are repeated. */
function planRows(source: number, target: number): AxisPlan {
  return planAxis(source, target, (_, fraction) => fraction);
}

function planAxis(source: number, target: number, fractionAt: (start: number, fraction: number) => number): AxisPlan {
  const scale = 1 / (target / source);
  const plan = emptyPlan(target);
  for (let at = 0; at < target; at += 1) {
    const position = Math.fround((at + 0.5) * scale - 0.5);
    const start = Math.floor(position);
    plan.first[at] = Math.min(Math.max(start, 0), source - 1);
    plan.second[at] = Math.min(Math.max(start + 1, 0), source - 1);
    plan.fraction[at] = fractionAt(start, Math.fround(position - start));
  }
  return plan;
}

export function emptyPlan(length: number): AxisPlan {
  return { first: new Int32Array(length), second: new Int32Array(length), fraction: new Float32Array(length) };
}

/** The shares of both positions, in 1/2048. */
function fixedWeights({ fraction }: AxisPlan): [Int32Array, Int32Array] {
  const first = Int32Array.from(fraction, (share) => roundHalfEven(Math.fround(1 - share) * weightScale));
  return [first, Int32Array.from(fraction, (share) => roundHalfEven(share * weightScale))];
}

interface RowBlend {
  readonly columns: AxisPlan;
  readonly left: Int32Array;
  readonly right: Int32Array;
  readonly target: Int32Array;
}

function blendRow({ data, width }: RgbImage, row: number, { columns, left, right, target }: RowBlend): void {
  const start = row * width;
  for (let x = 0, at = 0; x < columns.first.length; x += 1, at += 3) {
    const from = 3 * (start + (columns.first[x] ?? 0));
    const to = 3 * (start + (columns.second[x] ?? 0));
    const leftWeight = left[x] ?? 0;
    const rightWeight = right[x] ?? 0;
    target[at] = Math.imul(data[from] ?? 0, leftWeight) + Math.imul(data[to] ?? 0, rightWeight);
    target[at + 1] = Math.imul(data[from + 1] ?? 0, leftWeight) + Math.imul(data[to + 1] ?? 0, rightWeight);
    target[at + 2] = Math.imul(data[from + 2] ?? 0, leftWeight) + Math.imul(data[to + 2] ?? 0, rightWeight);
  }
}
