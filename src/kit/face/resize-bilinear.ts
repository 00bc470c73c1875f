import { roundHalfEven } from '../../core/round-half-even.ts';
import type { RgbImage } from '../image/image.ts';
import { resizeModule, type ResizeModule } from './resize-module.ts';
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
  const module = openFor(image, columns);
  const source = new Uint8Array(module.memory.buffer, module.blendedRow.value, image.width * 3);
  const target = new Uint8Array(module.memory.buffer, module.blended.value, width * 3);
  const [up, down] = fixedWeights(rows);
  const result = new Uint8Array(width * height * 3);
  const blendAcross = (row: number): void => {
    source.set(image.data.subarray(row * image.width * 3, (row + 1) * image.width * 3));
    module.blendAcross();
  };
  // Which rows of the source the two blended ones are: most are needed for several rows of the target.
  let [upperRow, lowerRow] = [-1, -1];
  for (let y = 0; y < height; y += 1) {
    const first = rows.first[y] ?? 0;
    const second = rows.second[y] ?? 0;
    if (first !== upperRow) {
      if (first !== lowerRow) blendAcross(first);
      module.swapRows();
      [upperRow, lowerRow] = [first, upperRow];
    }
    if (second !== lowerRow) blendAcross(second);
    lowerRow = second;
    module.blendDown(up[y] ?? 0, down[y] ?? 0);
    result.set(target, y * width * 3);
  }
  return { width, height, data: result };
}

/** The module with room for rows of an image, and what its columns become. */
function openFor({ width }: RgbImage, columns: AxisPlan): ResizeModule {
  const module = resizeModule();
  const target = columns.first.length;
  if (module.openBlend(width, target) === 0) throw new Error(`no memory for ${width} pixels`);
  const [left, right] = fixedWeights(columns);
  const places = new Int32Array(module.memory.buffer, module.places.value, 4 * target);
  for (let x = 0; x < target; x += 1) {
    places[4 * x] = 3 * (columns.first[x] ?? 0);
    places[4 * x + 1] = 3 * (columns.second[x] ?? 0);
    places[4 * x + 2] = left[x] ?? 0;
    places[4 * x + 3] = right[x] ?? 0;
  }
  return module;
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
