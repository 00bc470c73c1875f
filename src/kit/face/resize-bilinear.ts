import type { RgbImage } from '../image/image.ts';
import type { ImageSize } from '../image/rgb-image.ts';

/** Weights have 11 bits, as in OpenCV. */
const weightScale = 2048;

/** For one axis: two source positions and two weights per target position. */
interface AxisPlan {
  readonly first: Int32Array;
  readonly second: Int32Array;
  readonly weightFirst: Int32Array;
  readonly weightSecond: Int32Array;
}

/**
 * Resizes without keeping the aspect: bilinear between pixel centres. Equal bit for bit to OpenCV's resize with
 * INTER_LINEAR on 8-bit images (modules/imgproc/src/resize.cpp, the path for fixed-point numbers).
 */
export function resizeBilinear(image: RgbImage, size: ImageSize): RgbImage {
  const { width, height } = size;
  const columns = planAxis(image.width, width, 'clamp-fraction');
  const rows = planAxis(image.height, height, 'keep-fraction');
  const result = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y += 1) {
    const upper = blendRow(image, rows.first[y] ?? 0, columns);
    const lower = blendRow(image, rows.second[y] ?? 0, columns);
    const upperWeight = rows.weightFirst[y] ?? 0;
    const lowerWeight = rows.weightSecond[y] ?? 0;
    for (let at = 0; at < width * 3; at += 1) {
      const sum = ((upperWeight * ((upper[at] ?? 0) >> 4)) >> 16) + ((lowerWeight * ((lower[at] ?? 0) >> 4)) >> 16);
      result[y * width * 3 + at] = (sum + 2) >> 2;
    }
  }
  return { width, height, data: result };
}

/** Across, the end pixels stand alone beyond the borders; down, the weights stay and the rows are repeated. */
function planAxis(source: number, target: number, border: 'clamp-fraction' | 'keep-fraction'): AxisPlan {
  const scale = 1 / (target / source);
  const plan: AxisPlan = {
    first: new Int32Array(target),
    second: new Int32Array(target),
    weightFirst: new Int32Array(target),
    weightSecond: new Int32Array(target),
  };
  for (let at = 0; at < target; at += 1) {
    const position = Math.fround((at + 0.5) * scale - 0.5);
    let start = Math.floor(position);
    let fraction = Math.fround(position - start);
    if (border === 'clamp-fraction' && (start < 0 || start >= source - 1)) {
      start = start < 0 ? 0 : source - 1;
      fraction = 0;
    }
    plan.first[at] = Math.min(Math.max(start, 0), source - 1);
    plan.second[at] = Math.min(Math.max(start + 1, 0), source - 1);
    plan.weightFirst[at] = roundHalfEven(Math.fround(1 - fraction) * weightScale);
    plan.weightSecond[at] = roundHalfEven(fraction * weightScale);
  }
  return plan;
}

function blendRow(image: RgbImage, row: number, columns: AxisPlan): Int32Array {
  const { data, width } = image;
  const blended = new Int32Array(columns.first.length * 3);
  for (let x = 0; x < columns.first.length; x += 1) {
    const left = (row * width + (columns.first[x] ?? 0)) * 3;
    const right = (row * width + (columns.second[x] ?? 0)) * 3;
    const leftWeight = columns.weightFirst[x] ?? 0;
    const rightWeight = columns.weightSecond[x] ?? 0;
    for (let channel = 0; channel < 3; channel += 1) {
      blended[3 * x + channel] = (data[left + channel] ?? 0) * leftWeight + (data[right + channel] ?? 0) * rightWeight;
    }
  }
  return blended;
}

function roundHalfEven(value: number): number {
  const magic = 6755399441055744;
  return value + magic - magic;
}
