import type { Random } from '../../../core/random.ts';
import type { ImageSize, RgbImage } from '../../image/rgb-image.ts';

export interface Crop {
  readonly probability: number;
  /** Least share of the area that stays. */
  readonly smallest: number;
}

interface Rectangle extends ImageSize {
  readonly top: number;
  readonly left: number;
}

/** Sides of a crop have this ratio at most. */
const mostRatio = 4 / 3;

/**
 * Leaves a rectangle of the image as it is and makes the rest black (CVLface, basic_v1, with `smallest` 0.2; AdaFace,
 * `crop_augment`). The rectangle is that of torchvision's RandomResizedCrop: its share of the area is uniform from `smallest` to 1, the
 * ratio of its sides log-uniform from 3/4 to 4/3, its place uniform; after ten draws that do not fit, the largest in the middle.
 */
export function crop({ width, height, data }: RgbImage, { smallest }: Crop, random: Random): void {
  const kept = drawRectangle({ width, height }, smallest, random);
  const rowBytes = width * 3;
  for (let y = 0; y < height; y += 1) {
    const row = y * rowBytes;
    const isKept = y >= kept.top && y < kept.top + kept.height;
    data.fill(0, row, row + (isKept ? kept.left * 3 : rowBytes));
    if (isKept) data.fill(0, row + (kept.left + kept.width) * 3, row + rowBytes);
  }
}

function drawRectangle({ width, height }: ImageSize, smallest: number, random: Random): Rectangle {
  for (let attempt = 0; attempt < 10; attempt += 1) {
    const area = width * height * random.uniform(smallest, 1);
    const ratio = Math.exp(random.uniform(-Math.log(mostRatio), Math.log(mostRatio)));
    const size = { width: Math.round(Math.sqrt(area * ratio)), height: Math.round(Math.sqrt(area / ratio)) };
    if (size.width < 1 || size.height < 1 || size.width > width || size.height > height) continue;
    const top = random.integer(height - size.height + 1);
    return { ...size, top, left: random.integer(width - size.width + 1) };
  }
  const size = {
    width: Math.min(width, Math.round(height * mostRatio)),
    height: Math.min(height, Math.round(width * mostRatio)),
  };
  return { ...size, top: (height - size.height) >> 1, left: (width - size.width) >> 1 };
}
