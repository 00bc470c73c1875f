import type { Random } from '../../../core/random.ts';
import type { RgbImage } from '../../image/rgb-image.ts';

export interface Hue {
  readonly probability: number;
  /** The hue is turned by 0 to this, in degrees of the plane of colours. */
  readonly degrees: number;
  /** The saturation is multiplied by 1 to this. */
  readonly saturation: number;
}

/** arcface_torch, dataset.py, `dali_random_hsv`, with probability 0.2, 20 degrees and 1.2. */
export function turnHue({ data }: RgbImage, { degrees, saturation }: Hue, random: Random): void {
  applyColours(data, colourMatrix(random.uniform(0, degrees), random.uniform(1, saturation)));
}

export interface Grey {
  readonly probability: number;
}

/** Takes the colours out: `dali_random_gray` of the same file, with probability 0.1, a saturation of 0. */
export function makeGrey({ data }: RgbImage): void {
  applyColours(data, colourMatrix(0, 0));
}

type Row = readonly [number, number, number];
type Matrix = readonly [Row, Row, Row];

/** As NVIDIA DALI has them (dali/operators/image/color/color_twist.h), rounded as there. */
const yiqOfRgb: Matrix = [
  [0.299, 0.587, 0.114],
  [0.596, -0.274, -0.321],
  [0.211, -0.523, 0.311],
];
const rgbOfYiq: Matrix = [
  [1, 0.956, 0.621],
  [1, -0.272, -0.647],
  [1, -1.107, 1.705],
];

/**
 * Hue and saturation as DALI's `hsv` changes them, by one matrix: to YIQ, where chroma is turned by the hue and multiplied by the
 * saturation, and back.
 */
export function colourMatrix(degrees: number, saturation: number): Matrix {
  const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  const chroma: Matrix = [
    [1, 0, 0],
    [0, saturation * cos, saturation * sin],
    [0, -saturation * sin, saturation * cos],
  ];
  return product(product(rgbOfYiq, chroma), yiqOfRgb);
}

/** Multiplies pixels by a matrix, rounds and clamps. */
function applyColours(pixels: Uint8Array, [red, green, blue]: Matrix): void {
  for (let at = 0; at < pixels.length; at += 3) {
    const r = pixels[at] ?? 0;
    const g = pixels[at + 1] ?? 0;
    const b = pixels[at + 2] ?? 0;
    pixels[at] = level(red[0] * r + red[1] * g + red[2] * b);
    pixels[at + 1] = level(green[0] * r + green[1] * g + green[2] * b);
    pixels[at + 2] = level(blue[0] * r + blue[1] * g + blue[2] * b);
  }
}

const level = (value: number): number => Math.min(255, Math.max(0, Math.round(value)));

function product(left: Matrix, [first, second, third]: Matrix): Matrix {
  const row = ([a, b, c]: Row): Row => [
    a * first[0] + b * second[0] + c * third[0],
    a * first[1] + b * second[1] + c * third[1],
    a * first[2] + b * second[2] + c * third[2],
  ];
  return [row(left[0]), row(left[1]), row(left[2])];
}
