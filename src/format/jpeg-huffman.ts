/** A Huffman table of a JPEG file, made for looking up (ITU-T T.81, annexes C and F.2.2). */
export interface HuffmanTable {
  /** By the next nine bits: length of the code << 8 | symbol; 0 where the code is longer. */
  readonly fast: Uint16Array;
  /** By length, 1 to 16: the largest code; -1 where there is none. */
  readonly largest: Int32Array;
  /** By length: what to add to a code to get the place of its symbol. */
  readonly shift: Int32Array;
  readonly symbols: Uint8Array;
}

const fastBits = 9;
const blockSize = 64;

/** Where each coefficient of a zigzag scan belongs in a block of 8 x 8. */
export const naturalOrder = Uint8Array.from([
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
  35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47,
  55, 62, 63,
]);

/** The table of a DHT segment: how many codes of each length, 1 to 16, and their symbols. */
export function huffmanTable(counts: Uint8Array, symbols: Uint8Array): HuffmanTable {
  const fast = new Uint16Array(1 << fastBits);
  const largest = new Int32Array(17).fill(-1);
  const shift = new Int32Array(17);
  let code = 0;
  let place = 0;
  for (let length = 1; length <= 16; length += 1) {
    const count = counts[length - 1] ?? 0;
    shift[length] = place - code;
    for (let each = 0; each < count; each += 1, code += 1, place += 1) {
      if (length > fastBits) continue;
      const start = code << (fastBits - length);
      fast.fill((length << 8) | (symbols[place] ?? 0), start, start + (1 << (fastBits - length)));
    }
    if (count > 0) largest[length] = code - 1;
    code <<= 1;
  }
  return { fast, largest, shift, symbols };
}

/** Reads the coefficients of blocks from the entropy-coded data of a scan, of which the stuffed zeros were taken out. */
export class CoefficientReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #bit = 0;

  /** `bytes` has at least four bytes of padding after the first `length`. */
  constructor(bytes: Uint8Array, length: number) {
    this.#bytes = bytes;
    this.#end = length * 8;
  }

  /** More bits were taken than there are: the data are damaged. */
  get isOverrun(): boolean {
    return this.#bit > this.#end;
  }

  /** The difference of the DC coefficient; NaN where no code fits. */
  readDc(table: HuffmanTable): number {
    const size = this.#symbol(table);
    return size < 0 || size > 15 ? NaN : this.#number(size);
  }

  /** Puts the AC coefficients, multiplied by their steps, into `block`; false where no code fits. */
  readAc(table: HuffmanTable, steps: Int32Array, block: Int32Array): boolean {
    for (let position = 1; position < blockSize; position += 1) {
      const symbol = this.#symbol(table);
      const size = symbol & 15;
      if (symbol < 0) return false;
      if (size === 0) {
        if (symbol !== 0xf0) return true;
        position += 15;
        continue;
      }
      position += symbol >> 4;
      if (position >= blockSize) return false;
      const place = naturalOrder[position] ?? 0;
      block[place] = this.#number(size) * (steps[place] ?? 0);
    }
    return true;
  }

  /** The same without keeping them. */
  skipAc(table: HuffmanTable): boolean {
    for (let position = 1; position < blockSize; position += 1) {
      const symbol = this.#symbol(table);
      if (symbol < 0) return false;
      if (symbol === 0) return true;
      this.#bit += symbol & 15;
      position += symbol >> 4;
    }
    return true;
  }

  #symbol({ fast, largest, shift, symbols }: HuffmanTable): number {
    const next = this.#peek();
    const entry = fast[next >>> (16 - fastBits)] ?? 0;
    if (entry !== 0) {
      this.#bit += entry >>> 8;
      return entry & 255;
    }
    for (let length = fastBits + 1; length <= 16; length += 1) {
      const code = next >>> (16 - length);
      if (code > (largest[length] ?? -1)) continue;
      this.#bit += length;
      return symbols[code + (shift[length] ?? 0)] ?? -1;
    }
    return -1;
  }

  /** A number of so many bits: those that start with 0 are negative. */
  #number(size: number): number {
    if (size === 0) return 0;
    const value = this.#peek() >>> (16 - size);
    this.#bit += size;
    return value < 1 << (size - 1) ? value - (1 << size) + 1 : value;
  }

  /** The next sixteen bits; zeros after the end. */
  #peek(): number {
    const bytes = this.#bytes;
    const at = this.#bit >>> 3;
    const three = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    return (three >>> (8 - (this.#bit & 7))) & 0xffff;
  }
}
