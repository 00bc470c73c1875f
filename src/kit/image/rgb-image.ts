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

/** Larger pieces are not kept: one huge image must not hold its memory until the end. */
const maxKeptBytes = 1 << 24;

/** Memory that one image after the other is decoded into: to allocate and clear it again costs a tenth of decoding. */
export class DecodeBuffers {
  readonly #buffers = new Map<string, Uint8ClampedArray>();

  /** The buffer of this name, of `bytes` bytes; their values are unspecified. */
  take(name: string, bytes: number): Uint8ClampedArray {
    const known = this.#buffers.get(name);
    if (known !== undefined && known.length >= bytes) return known.subarray(0, bytes);
    const buffer = new Uint8ClampedArray(bytes);
    if (bytes <= maxKeptBytes) this.#buffers.set(name, buffer);
    return buffer;
  }
}
