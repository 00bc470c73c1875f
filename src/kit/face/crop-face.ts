import type { RgbImage } from '../image/image.ts';
import { resizeBilinear } from './resize-bilinear.ts';
import type { ImageSize } from '../image/rgb-image.ts';
import type { FaceBox } from './detectors/detector.ts';

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

/**
 * The crops of the scripts for FaceScrub and MegaFace (insightface, src/align/align_megaface.py, steps 3 and 4) where no
 * points were found: as wide as the height of the box makes it, in the middle of the box and of its rows; or, without a
 * box, all but a margin of 6 % on each side. Resized without keeping the aspect.
 */
export function cropKnownFace(image: RgbImage, box: FaceBox | undefined, size: ImageSize): RgbImage {
  const area = box === undefined ? withoutMargin(image) : upright(box, image, size);
  if (area.toX <= area.fromX || area.toY <= area.fromY) return resizeBilinear(image, size);
  return resizeBilinear(cut(image, area), size);
}

function withoutMargin({ width, height }: ImageSize): Area {
  const [x, y] = [Math.trunc(0.06 * width), Math.trunc(0.06 * height)];
  return { fromX: x, fromY: y, toX: width - x, toY: height - y };
}

function upright({ left, top, right, bottom }: FaceBox, image: ImageSize, size: ImageSize): Area {
  const height = bottom - top;
  const width = Math.trunc((height / size.height) * size.width);
  const x = Math.max(0, left + Math.floor((right - left - width) / 2));
  return {
    fromX: Math.trunc(x),
    fromY: Math.max(0, Math.trunc(top)),
    toX: Math.trunc(Math.min(x + width, image.width)),
    toY: Math.min(Math.trunc(top + height), image.height),
  };
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
