import type { Random } from '../../../core/random.ts';
import { blurImage } from '../../image/blur.ts';
import type { RgbImage } from '../../image/rgb-image.ts';

export interface Blur {
  readonly probability: number;
}

/** A Gaussian blur over 3 x 3 or 5 x 5 pixels (arcface_torch, dataset.py, `dali_random_gaussian_blur`, with probability 0.2). */
export function blur(image: RgbImage, _options: Blur, random: Random): void {
  image.data.set(blurImage(image, random.integer(2) === 0 ? 3 : 5).data);
}
