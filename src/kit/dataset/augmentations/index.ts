import { Random } from '../../../core/random.ts';
import type { RgbImage } from '../../image/rgb-image.ts';
import { blur, type Blur } from './blur.ts';
import { crop, type Crop } from './crop.ts';
import type { CutOut } from './cut-out.ts';
import { makeGrey, turnHue, type Grey, type Hue } from './hue.ts';
import { lowerResolution, requireRange, type LowResolution } from './low-resolution.ts';
import { photometric, type Photometric } from './photometric.ts';

/** What is changed of training images besides mirroring them, each by chance; absent: not at all. */
export interface Augmentations {
  readonly crop?: Crop;
  readonly lowResolution?: LowResolution;
  readonly blur?: Blur;
  readonly photometric?: Photometric;
  readonly hue?: Hue;
  readonly grey?: Grey;
  /** Comes last, when images are floats: its grey is between two levels. */
  readonly cutOut?: CutOut;
}

/** Fails with `empty-range` where options contradict each other. */
export function requireAugmentations({ lowResolution }: Augmentations): void {
  if (lowResolution !== undefined) requireRange(lowResolution);
}

/** Whether bytes are changed, apart from what is cut out. */
export function changesPixels(augment: Augmentations | undefined): augment is Augmentations {
  return Object.keys(augment ?? {}).some((name) => name !== 'cutOut');
}

/** Changes the bytes of an image, by `seed` alone: each augmentation has draws of its own, whatever others there are. */
export function augmentImage(image: RgbImage, augment: Augmentations, seed: number): void {
  const change = <Options extends { readonly probability: number }>(
    name: string,
    options: Options | undefined,
    apply: (image: RgbImage, options: Options, random: Random) => void,
  ): void => {
    if (options === undefined) return;
    const random = Random.derive(seed, name);
    if (random.uniform() < options.probability) apply(image, options, random);
  };
  change('crop', augment.crop, crop);
  change('lowResolution', augment.lowResolution, lowerResolution);
  change('blur', augment.blur, blur);
  change('photometric', augment.photometric, photometric);
  change('hue', augment.hue, turnHue);
  change('grey', augment.grey, makeGrey);
}
