/** Larger pieces are not kept: one huge image shall not hold its memory until the end. */
const mostKeptBytes = 1 << 24;

/** Memory that one image after the other is decoded into: to get and clear it anew costs a tenth of decoding. */
export class DecodeBuffers {
  readonly #pieces = new Map<string, Uint8ClampedArray>();

  /** The piece of this name, of `bytes` bytes; what they are is left open. */
  take(name: string, bytes: number): Uint8ClampedArray {
    const known = this.#pieces.get(name);
    if (known !== undefined && known.length >= bytes) return known.subarray(0, bytes);
    const piece = new Uint8ClampedArray(bytes);
    if (bytes <= mostKeptBytes) this.#pieces.set(name, piece);
    return piece;
  }
}
