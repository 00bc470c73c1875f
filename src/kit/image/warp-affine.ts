import { roundHalfEven } from '../../core/round-half-even.ts';
import type { ImageArea, ImageSize, RgbImage } from './rgb-image.ts';

/** x' = m[0] x + m[1] y + m[2], y' = m[3] x + m[4] y + m[5]. */
export type AffineMatrix = readonly [number, number, number, number, number, number];

/** Positions are rounded to 1/32 pixel, as in OpenCV. */
const fractionBits = 5;
const fractionMask = 31;
const steps = 32;
/** Four weights of two fractions each add up to 2^10. */
const weightBits = 10;
const half = 1 << (weightBits - 1);

/**
 * Moves an image by `matrix` (from its own coordinates to those of the result): bilinear, black outside. Equal bit for
 * bit to OpenCV's warpAffine on 8-bit images (modules/imgproc/src/imgwarp.cpp: inverted matrix in double, positions
 * in 1/1024 pixel rounded to 1/32). Its weights in 1/32768 are all multiples of 32, which is left out here.
 */
export function warpAffine(image: RgbImage, matrix: AffineMatrix, size: ImageSize): RgbImage {
  const [m0, m1, m2, m3, m4, m5] = inverseMatrix(matrix);
  const { width, height } = size;
  const result = new Uint8Array(width * height * 3);
  const columnX = new Int32Array(width);
  const columnY = new Int32Array(width);
  for (let x = 0; x < width; x += 1) {
    columnX[x] = roundHalfEven(m0 * x * 1024);
    columnY[x] = roundHalfEven(m3 * x * 1024);
  }
  for (let y = 0; y < height; y += 1) {
    const startX = (roundHalfEven((m1 * y + m2) * 1024) + 16) | 0;
    const startY = (roundHalfEven((m4 * y + m5) * 1024) + 16) | 0;
    warpRow(image, { startX, startY, columnX, columnY }, { result, start: y * width * 3 });
  }
  return { width, height, data: result };
}

/** The pixels of the source that {@link warpAffine} looks at, with two to spare; parts of it may be outside. */
export function sourceArea(matrix: AffineMatrix, { width, height }: ImageSize): ImageArea {
  const [m0, m1, m2, m3, m4, m5] = inverseMatrix(matrix);
  const corners = [0, width - 1].flatMap((x) => [0, height - 1].map((y) => [x, y] as const));
  const across = corners.map(([x, y]) => m0 * x + m1 * y + m2);
  const down = corners.map(([x, y]) => m3 * x + m4 * y + m5);
  return {
    left: Math.floor(Math.min(...across)) - 2,
    top: Math.floor(Math.min(...down)) - 2,
    right: Math.ceil(Math.max(...across)) + 4,
    bottom: Math.ceil(Math.max(...down)) + 4,
  };
}

/** Where pixels go: into `result`, from its value `start` on. */
interface Target {
  readonly result: Uint8Array;
  readonly start: number;
}

/** Where the pixels of a row come from, in 1/1024 pixel: the sums of a start and a column's share. */
interface RowPositions {
  readonly startX: number;
  readonly startY: number;
  readonly columnX: Int32Array;
  readonly columnY: Int32Array;
}

function warpRow(image: RgbImage, positions: RowPositions, target: Target): void {
  const last = positions.columnX.length - 1;
  // Positions go one way along a row: if both ends are inside, all are.
  if (isInside(image, positions, 0) && isInside(image, positions, last)) warpInside(image, positions, target);
  else warpAnywhere(image, positions, target);
}

/** All four pixels that the one in `column` is made of are inside the image. */
function isInside(
  { width, height }: RgbImage,
  { startX, startY, columnX, columnY }: RowPositions,
  column: number,
): boolean {
  const x = (startX + (columnX[column] ?? 0)) >> (2 * fractionBits);
  const y = (startY + (columnY[column] ?? 0)) >> (2 * fractionBits);
  return x >= 0 && y >= 0 && x < width - 1 && y < height - 1;
}

/** The hot loop: whole numbers of 32 bits throughout, no calls, nothing to decide. */
function warpInside(
  { data, width }: RgbImage,
  { startX, startY, columnX, columnY }: RowPositions,
  { result, start }: Target,
): void {
  const rowBytes = width * 3;
  const end = columnX.length;
  for (let column = 0, target = start; column < end; column += 1, target += 3) {
    const x32 = (startX + (columnX[column] ?? 0)) >> fractionBits;
    const y32 = (startY + (columnY[column] ?? 0)) >> fractionBits;
    const right = x32 & fractionMask;
    const down = y32 & fractionMask;
    const at = Math.imul(y32 >> fractionBits, rowBytes) + Math.imul(x32 >> fractionBits, 3);
    const below = at + rowBytes;
    result[target] = blend(data, at, below, right, down);
    result[target + 1] = blend(data, at + 1, below + 1, right, down);
    result[target + 2] = blend(data, at + 2, below + 2, right, down);
  }
}

/** One channel out of four pixels. */
function blend(data: Uint8Array, at: number, below: number, right: number, down: number): number {
  const topLeft = data[at] ?? 0;
  const bottomLeft = data[below] ?? 0;
  const top = (topLeft << fractionBits) + Math.imul(right, (data[at + 3] ?? 0) - topLeft);
  const bottom = (bottomLeft << fractionBits) + Math.imul(right, (data[below + 3] ?? 0) - bottomLeft);
  return ((top << fractionBits) + Math.imul(down, bottom - top) + half) >> weightBits;
}

/** The same where some pixels come from the border or from beyond it. */
function warpAnywhere(
  image: RgbImage,
  { startX, startY, columnX, columnY }: RowPositions,
  { result, start }: Target,
): void {
  const { data } = image;
  const rowBytes = image.width * 3;
  const lastX = image.width - 1;
  const lastY = image.height - 1;
  for (let column = 0, target = start; column < columnX.length; column += 1, target += 3) {
    const x32 = (startX + (columnX[column] ?? 0)) >> fractionBits;
    const y32 = (startY + (columnY[column] ?? 0)) >> fractionBits;
    const x = x32 >> fractionBits;
    const y = y32 >> fractionBits;
    const right = x32 & fractionMask;
    const down = y32 & fractionMask;
    if (x < 0 || y < 0 || x >= lastX || y >= lastY) {
      sampleBorder(image, { x, y, right, down }, { result, start: target });
      continue;
    }
    const at = y * rowBytes + x * 3;
    for (let channel = 0; channel < 3; channel += 1) {
      result[target + channel] = blend(data, at + channel, at + rowBytes + channel, right, down);
    }
  }
}

/** A pixel of the source and 1/32 pixels to the right of and below it. */
interface SamplePlace {
  readonly x: number;
  readonly y: number;
  readonly right: number;
  readonly down: number;
}

/** The same where some of the four pixels are outside, and black. */
function sampleBorder(image: RgbImage, { x, y, right, down }: SamplePlace, { result, start }: Target): void {
  const { data, width, height } = image;
  if (x < -1 || y < -1 || x >= width || y >= height) return;
  for (let channel = 0; channel < 3; channel += 1) {
    const pixel = (column: number, line: number): number =>
      column < 0 || line < 0 || column >= width || line >= height
        ? 0
        : (data[(line * width + column) * 3 + channel] ?? 0);
    const sum =
      pixel(x, y) * (steps - right) * (steps - down) +
      pixel(x + 1, y) * right * (steps - down) +
      pixel(x, y + 1) * (steps - right) * down +
      pixel(x + 1, y + 1) * right * down;
    result[start + channel] = (sum + half) >> weightBits;
  }
}

/** The inverse of the map; all zeros if it has no inverse, as in OpenCV. */
export function inverseMatrix([m0, m1, m2, m3, m4, m5]: AffineMatrix): AffineMatrix {
  const determinant = m0 * m4 - m1 * m3;
  const scale = determinant === 0 ? 0 : 1 / determinant;
  const a = m4 * scale;
  const b = -m1 * scale;
  const c = -m3 * scale;
  const d = m0 * scale;
  return [a, b, -a * m2 - b * m5, c, d, -c * m2 - d * m5];
}
