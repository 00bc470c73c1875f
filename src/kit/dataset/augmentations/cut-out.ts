import type { Random } from '../../../core/random.ts';
import type { ImageSize } from '../../image/rgb-image.ts';

export interface CutOut {
  /** Height and width of the square, in pixels. */
  readonly size: number;
  readonly probability: number;
}

/** Rectangles, one per image, as [top, left, bottom, right] each, the latter two not included; an empty one where nothing is cut out. */
export type Holes = Int32Array;

/** The grey that the networks take for zero: (x - 127.5) / 128. */
const grey = 127.5;

/**
 * What `--cutoff` of the 2018 program cuts out of an image (src/image_iter.py): the centre is uniform over the image, the
 * square reaches half its size, rounded down, from it to all sides, and ends where the image does. There the probability is 1.
 */
export function drawHoles(
  { size, probability }: CutOut,
  { batch, width, height }: ImageSize & { readonly batch: number },
  random: Random,
): Holes {
  const half = Math.floor(size / 2);
  const holes = Array.from({ length: batch }, () => {
    const isCut = random.uniform() < probability;
    const [y, x] = [random.integer(height), random.integer(width)];
    if (!isCut) return [0, 0, 0, 0];
    return [Math.max(0, y - half), Math.max(0, x - half), Math.min(height, y + half), Math.min(width, x + half)];
  });
  return Int32Array.from(holes.flat());
}

/** Fills the holes of images [batch, height, width, 3] with a grey between two levels, which bytes cannot hold. */
export function cutOut(images: Float32Array, holes: Holes, { width, height }: ImageSize): void {
  for (let index = 0; index < holes.length; index += 4) {
    const [top = 0, left = 0, bottom = 0, right = 0] = holes.subarray(index, index + 4);
    const image = (index / 4) * height * width * 3;
    for (let y = top; y < bottom; y += 1) {
      images.fill(grey, image + (y * width + left) * 3, image + (y * width + right) * 3);
    }
  }
}
