import type { RgbImage } from './rgb-image.ts';

/**
 * A Gaussian blur over `window` x `window` pixels, 3 or 5, whose deviation follows from the window as in OpenCV and DALI: 0.3 ((window
 * - 1) / 2 - 1) + 0.8. Beyond the border the image is mirrored about its last pixel.
 */
export function blurImage({ width, height, data }: RgbImage, window: 3 | 5): RgbImage {
  const weights = gaussian(window);
  const half = (window - 1) / 2;
  const rows = new Float32Array(data.length);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      for (let channel = 0; channel < 3; channel += 1) {
        let sum = 0;
        for (let tap = -half; tap <= half; tap += 1) {
          sum += (weights[tap + half] ?? 0) * (data[(y * width + reflected(x + tap, width)) * 3 + channel] ?? 0);
        }
        rows[(y * width + x) * 3 + channel] = sum;
      }
    }
  }
  const blurred = new Uint8Array(data.length);
  const rowLength = width * 3;
  for (let y = 0; y < height; y += 1) {
    for (let at = 0; at < rowLength; at += 1) {
      let sum = 0;
      for (let tap = -half; tap <= half; tap += 1) {
        sum += (weights[tap + half] ?? 0) * (rows[reflected(y + tap, height) * rowLength + at] ?? 0);
      }
      blurred[y * rowLength + at] = Math.round(sum);
    }
  }
  return { width, height, data: blurred };
}

function gaussian(window: number): readonly number[] {
  const half = (window - 1) / 2;
  const deviation = 0.3 * (half - 1) + 0.8;
  const weights = Array.from({ length: window }, (_, tap) => Math.exp(-((tap - half) ** 2) / (2 * deviation ** 2)));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** Mirrored about the last sample; a line of one sample has no other. */
function reflected(index: number, length: number): number {
  if (length === 1) return 0;
  if (index < 0) return Math.min(length - 1, -index);
  return index < length ? index : Math.max(0, 2 * (length - 1) - index);
}
