/** Bytes that come in pieces; a single piece is not copied. */
export class GrowingBytes {
  #bytes: Uint8Array;
  #length: number;

  constructor(first: Uint8Array) {
    this.#bytes = first;
    this.#length = first.length;
  }

  append(piece: Uint8Array): void {
    const length = this.#length + piece.length;
    if (length > this.#bytes.length || this.#length === this.#bytes.length) {
      const larger = new Uint8Array(Math.max(64, 2 * length));
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    this.#bytes.set(piece, this.#length);
    this.#length = length;
  }

  content(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}
