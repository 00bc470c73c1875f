import type { Random } from '../../../core/random.ts';
import type { RgbImage } from '../../image/rgb-image.ts';
import { brighten, contrast, saturate } from './photometric.ts';
import { equalize, posterize, sharpen, solarize, stretchContrast } from './tones.ts';

export interface Operations {
  readonly probability: number;
  /** How many, one after the other; one may come twice. */
  readonly count: number;
  /** Mean of their strengths, from 0 to 30 ... */
  readonly magnitude: number;
  /** ... and the deviation. */
  readonly deviation: number;
}

const greatestMagnitude = 30;

type Operation = (image: RgbImage, share: number, random: Random) => void;

/** A factor of 1 +- 0.9 times the strength. */
const blending =
  (change: (pixels: Uint8Array, factor: number) => void): Operation =>
  ({ data }, share, random) => {
    change(data, 1 + (random.integer(2) === 0 ? -0.9 : 0.9) * share);
  };

/** By strength, from 0 to 1: the operations of RandAugment (Cubuk et al. 2020) that leave every pixel in its place, as torchvision scales them. */
const operations: readonly Operation[] = [
  blending(brighten),
  blending(contrast),
  blending(saturate),
  (image, share, random) => {
    sharpen(image, 1 + (random.integer(2) === 0 ? -0.9 : 0.9) * share);
  },
  ({ data }, share) => {
    posterize(data, 8 - Math.round(4 * share));
  },
  ({ data }, share) => {
    solarize(data, 255 * (1 - share));
  },
  ({ data }) => {
    stretchContrast(data);
  },
  ({ data }) => {
    equalize(data);
  },
];

/**
 * Operations drawn evenly, each with a strength that is normally distributed, rounded and kept within 0 to 30 (CVLface,
 * gridsample_v1: two, of 14 +- 9 in 31 bins).
 */
export function operate(image: RgbImage, { count, magnitude, deviation }: Operations, random: Random): void {
  for (let index = 0; index < count; index += 1) {
    const operation = operations[random.integer(operations.length)];
    const drawn = Math.round(magnitude + deviation * random.normal());
    operation?.(image, Math.min(greatestMagnitude, Math.max(0, drawn)) / greatestMagnitude, random);
  }
}
