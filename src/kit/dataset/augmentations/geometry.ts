import type { Random } from '../../../core/random.ts';
import type { ImageSize, RgbImage } from '../../image/rgb-image.ts';
import { warpAffine, type AffineMatrix } from '../../image/warp-affine.ts';

export interface Geometry {
  readonly probability: number;
  /** The image is magnified by this ... */
  readonly smallest: number;
  /** ... to this. */
  readonly largest: number;
  /** Share of these images that are turned as well. */
  readonly turned: number;
  /** By so many degrees at most, to either side. */
  readonly degrees: number;
  /** It is moved by this share of its height and width at most, to each side. */
  readonly shift: number;
}

/**
 * Magnifies, turns and moves the image, about its centre, each evenly drawn; what comes from outside of it is black (CVLface,
 * gridsample_v1: 0.8 to 1.2, a fifth turned by up to 20 degrees, moved by up to 0.1).
 */
export function changeGeometry(image: RgbImage, options: Geometry, random: Random): void {
  image.data.set(warpAffine(image, drawMatrix(image, options, random), image).data);
}

export function drawMatrix(
  { width, height }: ImageSize,
  { smallest, largest, turned, degrees, shift }: Geometry,
  random: Random,
): AffineMatrix {
  const scale = random.uniform(smallest, largest);
  const isTurned = random.uniform() < turned;
  const angle = (random.uniform(-degrees, degrees) * Math.PI) / 180;
  const [cos, sin] = isTurned ? [scale * Math.cos(angle), scale * Math.sin(angle)] : [scale, 0];
  const [centreX, centreY] = [(width - 1) / 2, (height - 1) / 2];
  const [moveX, moveY] = [random.uniform(-shift, shift) * width, random.uniform(-shift, shift) * height];
  return [
    cos,
    -sin,
    centreX + moveX - cos * centreX + sin * centreY,
    sin,
    cos,
    centreY + moveY - sin * centreX - cos * centreY,
  ];
}
