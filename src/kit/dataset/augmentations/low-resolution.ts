import type { Random } from '../../../core/random.ts';
import { interpolations, resizeImage } from '../../image/resize.ts';
import type { RgbImage } from '../../image/rgb-image.ts';

export interface LowResolution {
  readonly probability: number;
  /** The height that images are brought down to, as a share of theirs: from here ... */
  readonly smallest: number;
  /** ... up to, but not including, here. */
  readonly largest: number;
}

/**
 * Makes the image small and large again (CVLface, basic_v1, with `smallest` 0.2 and `largest` 1; AdaFace,
 * `low_res_augmentation`): the share is uniform, both ways are drawn from OpenCV's five interpolations.
 */
export function lowerResolution(image: RgbImage, { smallest, largest }: LowResolution, random: Random): void {
  const share = random.uniform(smallest, largest);
  const small = { height: sideOf(share * image.height), width: sideOf(share * image.width) };
  const [down, up] = [drawn(random), drawn(random)];
  image.data.set(resizeImage(resizeImage(image, small, down), image, up).data);
}

const sideOf = (length: number): number => Math.max(1, Math.floor(length));

function drawn(random: Random): (typeof interpolations)[number] {
  return interpolations[random.integer(interpolations.length)] ?? 'linear';
}
