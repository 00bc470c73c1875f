/** A decoded image: height x width x 3 bytes, row by row, red first. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** Images with more pixels than this are refused: 16,384 x 16,384. */
export const maxPixels = 2 ** 28;
