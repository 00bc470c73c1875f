import type { Random } from '../../../core/random.ts';
import type { RgbImage } from '../../image/rgb-image.ts';

export interface ManyHoles {
  readonly probability: number;
  /** Squares, from this many ... */
  readonly least: number;
  /** ... to this many. */
  readonly most: number;
  /** Height and width of each, in pixels. */
  readonly size: number;
}

/** Black squares, each whole and anywhere in the image (CVLface, gridsample_v1: 12 to 20 of 16 pixels). */
export function makeHoles({ width, height, data }: RgbImage, { least, most, size }: ManyHoles, random: Random): void {
  const [across, down] = [Math.min(size, width), Math.min(size, height)];
  const count = least + random.integer(most - least + 1);
  for (let hole = 0; hole < count; hole += 1) {
    const [top, left] = [random.integer(height - down + 1), random.integer(width - across + 1)];
    for (let y = top; y < top + down; y += 1) data.fill(0, (y * width + left) * 3, (y * width + left + across) * 3);
  }
}
