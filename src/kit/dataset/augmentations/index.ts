import { fail } from '../../../core/failure.ts';
import { Random } from '../../../core/random.ts';
import type { RgbImage } from '../../image/rgb-image.ts';
import { failures } from '../failures.ts';
import { blur, type Blur } from './blur.ts';
import { crop, type Crop } from './crop.ts';
import type { CutOut } from './cut-out.ts';
import { changeGeometry, type Geometry } from './geometry.ts';
import { makeHoles, type ManyHoles } from './holes.ts';
import { makeGrey, turnHue, type Grey, type Hue } from './hue.ts';
import { lowerResolution, type LowResolution } from './low-resolution.ts';
import { operate, type Operations } from './operations.ts';
import { photometric, type Photometric } from './photometric.ts';

/** What is changed of training images besides mirroring them, each by chance; absent: not at all. */
export interface Augmentations {
  readonly geometry?: Geometry;
  readonly crop?: Crop;
  readonly holes?: ManyHoles;
  readonly lowResolution?: LowResolution;
  readonly blur?: Blur;
  readonly photometric?: Photometric;
  readonly operations?: Operations;
  readonly hue?: Hue;
  readonly grey?: Grey;
  /** Comes last, when images are floats: its grey is between two levels. */
  readonly cutOut?: CutOut;
}

/** Fails with `empty-range` where options contradict each other. */
export function requireAugmentations({ lowResolution, geometry, holes }: Augmentations): void {
  if (lowResolution !== undefined) requireRange('augment.lowResolution', lowResolution);
  if (geometry !== undefined) requireRange('augment.geometry', geometry);
  if (holes !== undefined) {
    const { least: smallest, most: largest } = holes;
    requireRange('augment.holes', { smallest, largest }, ['least', 'most']);
  }
}

/** Fails with `empty-range` where nothing is between the two. */
function requireRange(
  option: string,
  { smallest, largest }: { readonly smallest: number; readonly largest: number },
  names: readonly [string, string] = ['smallest', 'largest'],
): void {
  if (smallest > largest) fail(failures.emptyRange({ option, smallest, largest, names }));
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
  change('geometry', augment.geometry, changeGeometry);
  change('crop', augment.crop, crop);
  change('holes', augment.holes, makeHoles);
  change('lowResolution', augment.lowResolution, lowerResolution);
  change('blur', augment.blur, blur);
  change('photometric', augment.photometric, photometric);
  change('operations', augment.operations, operate);
  change('hue', augment.hue, turnHue);
  change('grey', augment.grey, makeGrey);
}
