import type { RgbImage } from '../format/image.ts';

/** x' = m[0] x + m[1] y + m[2], y' = m[3] x + m[4] y + m[5]. */
export type AffineMatrix = readonly [number, number, number, number, number, number];

export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** Positions are rounded to 1/32 pixel, weights have 15 bits: as in OpenCV. */
const fractionBits = 5;
const fractionMask = 31;
const weightBits = 15;

/**
 * Moves a picture by `matrix` (from its own coordinates to those of the result): bilinear, black outside. Equal bit for
 * bit to OpenCV's warpAffine on 8-bit pictures (modules/imgproc/src/imgwarp.cpp: inverted matrix in double, positions
 * in 1/1024 pixel rounded to 1/32, weights in 1/32768).
 */
export function warpAffine(image: RgbImage, matrix: AffineMatrix, size: PictureSize): RgbImage {
  const [m0, m1, m2, m3, m4, m5] = invert(matrix);
  const { width, height } = size;
  const result = new Uint8Array(width * height * 3);
  const columnX = Int32Array.from({ length: width }, (_, x) => roundHalfEven(m0 * x * 1024));
  const columnY = Int32Array.from({ length: width }, (_, x) => roundHalfEven(m3 * x * 1024));
  for (let y = 0; y < height; y += 1) {
    const rowX = roundHalfEven((m1 * y + m2) * 1024) + 16;
    const rowY = roundHalfEven((m4 * y + m5) * 1024) + 16;
    for (let x = 0; x < width; x += 1) {
      const positionX = (rowX + (columnX[x] ?? 0)) >> fractionBits;
      const positionY = (rowY + (columnY[x] ?? 0)) >> fractionBits;
      samplePixel(image, positionX, positionY, result, (y * width + x) * 3);
    }
  }
  return { width, height, data: result };
}

/** Interpolates at a position in 1/32 pixel and writes three bytes at `target`. */
function samplePixel(image: RgbImage, x32: number, y32: number, result: Uint8Array, target: number): void {
  const { data, width, height } = image;
  const x = x32 >> fractionBits;
  const y = y32 >> fractionBits;
  if (x < -1 || y < -1 || x >= width || y >= height) return;
  const right = x32 & fractionMask;
  const down = y32 & fractionMask;
  // 32 x 32 steps of 32 / 32768: products are whole numbers, nothing is rounded.
  const w00 = (32 - right) * (32 - down) * 32;
  const w01 = right * (32 - down) * 32;
  const w10 = (32 - right) * down * 32;
  const w11 = right * down * 32;
  const at = (y * width + x) * 3;
  const below = at + width * 3;
  if (x >= 0 && y >= 0 && x + 1 < width && y + 1 < height) {
    for (let channel = 0; channel < 3; channel += 1) {
      const sum =
        (data[at + channel] ?? 0) * w00 +
        (data[at + channel + 3] ?? 0) * w01 +
        (data[below + channel] ?? 0) * w10 +
        (data[below + channel + 3] ?? 0) * w11;
      result[target + channel] = (sum + (1 << (weightBits - 1))) >> weightBits;
    }
    return;
  }
  const has = (dx: number, dy: number): number =>
    Number(x + dx >= 0 && x + dx < width && y + dy >= 0 && y + dy < height);
  const [in00, in01, in10, in11] = [has(0, 0), has(1, 0), has(0, 1), has(1, 1)];
  for (let channel = 0; channel < 3; channel += 1) {
    const sum =
      in00 * (data[at + channel] ?? 0) * w00 +
      in01 * (data[at + channel + 3] ?? 0) * w01 +
      in10 * (data[below + channel] ?? 0) * w10 +
      in11 * (data[below + channel + 3] ?? 0) * w11;
    result[target + channel] = (sum + (1 << (weightBits - 1))) >> weightBits;
  }
}

/** The inverse of the map; all zeros where there is none, as in OpenCV. */
function invert([m0, m1, m2, m3, m4, m5]: AffineMatrix): AffineMatrix {
  const determinant = m0 * m4 - m1 * m3;
  const scale = determinant === 0 ? 0 : 1 / determinant;
  const a = m4 * scale;
  const b = -m1 * scale;
  const c = -m3 * scale;
  const d = m0 * scale;
  return [a, b, -a * m2 - b * m5, c, d, -c * m2 - d * m5];
}

/** Rounds to the nearest whole number, halves to even ones: adding 1.5 x 2^52 leaves a double no room for a fraction. */
function roundHalfEven(value: number): number {
  const magic = 6755399441055744;
  return value + magic - magic;
}
