/*
 * Pickle protocol 2 as Python 2's `pickle.dump(value, file, pickle.HIGHEST_PROTOCOL)` writes it: byte strings as
 * SHORT_BINSTRING or BINSTRING, every object remembered (BINPUT, LONG_BINPUT), lists flushed in groups of 1000.
 * Python 3 reads it with encoding='bytes', which the original programs pass.
 */
const groupSize = 1000;

/** Collects the pieces of one pickle; byte strings are not copied until {@link PickleWriter.finish}. */
export class PickleWriter {
  readonly #pieces: Uint8Array[] = [Uint8Array.of(0x80, 2)];
  #remembered = 0;

  byteString(bytes: Uint8Array): void {
    const head = Buffer.alloc(bytes.length < 256 ? 2 : 5);
    if (bytes.length < 256) {
      head[0] = 0x55;
      head[1] = bytes.length;
    } else {
      head[0] = 0x54;
      head.writeInt32LE(bytes.length, 1);
    }
    this.#pieces.push(head, bytes);
    this.#remember();
  }

  /**
   * A numpy array of float64, row by row, in the words of numpy's own pickles: an empty array, built from version, shape,
   * dtype, order and bytes. Python 3 reads it with encoding='latin1'.
   */
  matrix(values: Float64Array, columns: number): void {
    const rows = columns === 0 ? 0 : values.length / columns;
    this.#opcodes(
      'cnumpy.core.multiarray\n_reconstruct\n',
      'cnumpy\nndarray\n',
      [0x4b, 0, 0x85],
      'U\x01b',
      [0x87, 0x52],
    );
    this.#opcodes([0x28, 0x4b, 1], int32(rows), int32(columns), [0x86]);
    this.#opcodes('cnumpy\ndtype\n', 'U\x02f8', [0x4b, 0, 0x4b, 1, 0x87, 0x52]);
    this.#opcodes([0x28, 0x4b, 3], 'U\x01<', 'NNN', int32(-1), int32(-1), [0x4b, 0, 0x74, 0x62], [0x89]);
    this.byteString(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    this.#opcodes('tb');
  }

  boolean(value: boolean): void {
    this.#pieces.push(Uint8Array.of(value ? 0x88 : 0x89));
  }

  /** A list whose items `write` adds one by one. */
  list<Item>(items: readonly Item[], write: (item: Item) => void): void {
    this.#pieces.push(Uint8Array.of(0x5d));
    this.#remember();
    for (let start = 0; start < items.length; start += groupSize) {
      const group = items.slice(start, start + groupSize);
      if (group.length > 1) this.#pieces.push(Uint8Array.of(0x28));
      for (const item of group) write(item);
      this.#pieces.push(Uint8Array.of(group.length > 1 ? 0x65 : 0x61));
    }
  }

  /** Makes a tuple of the last two values. */
  pair(): void {
    this.#pieces.push(Uint8Array.of(0x86));
    this.#remember();
  }

  finish(): Buffer {
    return Buffer.concat([...this.#pieces, Uint8Array.of(0x2e)]);
  }

  #opcodes(...pieces: readonly (string | readonly number[] | Uint8Array)[]): void {
    for (const piece of pieces) {
      this.#pieces.push(typeof piece === 'string' ? Buffer.from(piece, 'latin1') : Uint8Array.from(piece));
    }
  }

  #remember(): void {
    const number = this.#remembered;
    this.#remembered += 1;
    const piece = Buffer.alloc(number < 256 ? 2 : 5);
    if (number < 256) {
      piece[0] = 0x71;
      piece[1] = number;
    } else {
      piece[0] = 0x72;
      piece.writeUInt32LE(number, 1);
    }
    this.#pieces.push(piece);
  }
}

/** BININT. */
function int32(value: number): Uint8Array {
  const piece = Buffer.alloc(5);
  piece[0] = 0x4a;
  piece.writeInt32LE(value, 1);
  return piece;
}
