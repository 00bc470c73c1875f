import type { ImageSize, RgbImage } from '../../../image/rgb-image.ts';
import type { FaceBox, FacePoints } from '../detector.ts';

/** What a network says of a box: how far each edge is to be moved, in sides of the box. */
export type BoxShift = readonly [left: number, top: number, right: number, bottom: number];

/** A piece of an image; what is outside of it is black. */
export interface Window extends ImageSize {
  /** The image's pixel in its upper left corner. */
  readonly left: number;
  readonly top: number;
}

/**
 * What the two implementations of the cascade, which share their weights, do differently: the deployment of the 2018
 * system (deploy/mtcnn_detector.py, on MXNet) and its preparation of data (src/align/detect_face.py, on TensorFlow).
 */
export interface Arithmetic {
  /** Of PNet, RNet and ONet. */
  readonly thresholds: readonly [number, number, number];
  /** Whether the pyramid has an image in which the shorter side of the original has this length. */
  hasScale(side: number): boolean;
  isProposal(probability: number, threshold: number): boolean;
  /** The order in which proposals of a map are found, which decides between equal scores. */
  readonly proposalOrder: 'rows' | 'columns';
  /** The window of a cell of PNet's map in the original image. */
  proposal(column: number, row: number, scale: number): FaceBox;
  /** Moves the edges of a window of PNet's. */
  shiftProposal(box: FaceBox, shift: BoxShift): FaceBox;
  /** The square of the same centre with integer edges. */
  square(box: FaceBox): FaceBox;
  /** The box of an image that is a crop around one face. */
  wholeImage(image: ImageSize): FaceBox;
  /** Which pixels RNet and ONet are shown of a box with integer edges, and the box that their answers are relative to. */
  cut(box: FaceBox, image: ImageSize): { readonly window: Window; readonly box: FaceBox };
  /** ONet's ten numbers (all x, then all y) in a box. */
  points(box: FaceBox, shares: ArrayLike<number>): FacePoints;
  /** An image of the pyramid. */
  scaleImage(image: RgbImage, size: ImageSize): RgbImage;
  /** What RNet and ONet are fed of a window: RGB, 0..255, [side, side, 3]. */
  scaleForRefinement(patch: RgbImage, side: number): ArrayLike<number>;
  scaleForOutput(patch: RgbImage, side: number): ArrayLike<number>;
}

/** Moves the edges of a box after RNet and ONet, the same in both. */
export function shiftBox({ left, top, right, bottom }: FaceBox, shift: BoxShift): FaceBox {
  const [width, height] = [right - left + 1, bottom - top + 1];
  return {
    left: left + shift[0] * width,
    top: top + shift[1] * height,
    right: right + shift[2] * width,
    bottom: bottom + shift[3] * height,
  };
}

/** ONet's points, moved by `offset`. */
export function pointsInBox(
  { left, top, right, bottom }: FaceBox,
  shares: ArrayLike<number>,
  offset: number,
): FacePoints {
  const [width, height] = [right - left + 1, bottom - top + 1];
  const point = (index: number): readonly [number, number] => [
    left + width * (shares[index] ?? NaN) + offset,
    top + height * (shares[index + 5] ?? NaN) + offset,
  ];
  return [point(0), point(1), point(2), point(3), point(4)];
}

export function mapEdges({ left, top, right, bottom }: FaceBox, change: (edge: number) => number): FaceBox {
  return { left: change(left), top: change(top), right: change(right), bottom: change(bottom) };
}
