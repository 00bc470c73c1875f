/** Width and height of an image, in pixels. */
export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

/** A decoded image: height x width x 3 bytes, row by row, red first. */
export interface RgbImage extends ImageSize {
  readonly data: Uint8Array;
}

/** Images with more pixels than this are refused: 16,384 x 16,384. */
export const maxPixels = 2 ** 28;

/** Pixels `left` to `right` and `top` to `bottom`, the latter not included. */
export interface ImageArea {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}
