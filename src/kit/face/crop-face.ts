import type { RgbImage } from '../image/image.ts';
import { resizeBilinear } from './resize-bilinear.ts';
import type { ImageSize } from '../image/rgb-image.ts';

/** Half of the margin of 44 pixels around a box. */
const halfMargin = 22;

/**
 * Cuts a face out where no points are known (insightface, src/common/face_preprocess.py): the box, or else the middle
 * seven eighths of the image, with a margin of 22 pixels on each side as far as the image goes, resized without
 * keeping the aspect. `box`: x1, y1, x2, y2.
 */
export function cropFace(
  image: RgbImage,
  box: readonly [number, number, number, number] | undefined,
  size: ImageSize,
): RgbImage {
  const { width, height } = image;
  const [left, top] = [Math.trunc(0.0625 * width), Math.trunc(0.0625 * height)];
  const [x1, y1, x2, y2] = box ?? [left, top, width - left, height - top];
  const fromX = Math.trunc(Math.max(x1 - halfMargin, 0));
  const fromY = Math.trunc(Math.max(y1 - halfMargin, 0));
  const toX = Math.trunc(Math.min(x2 + halfMargin, width));
  const toY = Math.trunc(Math.min(y2 + halfMargin, height));
  if (toX <= fromX || toY <= fromY) return resizeBilinear(image, size);
  return resizeBilinear(cut(image, { fromX, fromY, toX, toY }), size);
}

type Area = Readonly<Record<'fromX' | 'fromY' | 'toX' | 'toY', number>>;

/** The pixels from `fromX`, `fromY` up to but not including `toX`, `toY`. */
function cut(image: RgbImage, { fromX, fromY, toX, toY }: Area): RgbImage {
  const width = toX - fromX;
  const height = toY - fromY;
  const data = new Uint8Array(width * height * 3);
  for (let row = 0; row < height; row += 1) {
    const start = ((fromY + row) * image.width + fromX) * 3;
    data.set(image.data.subarray(start, start + width * 3), row * width * 3);
  }
  return { width, height, data };
}
