/** A Huffman table of a JPEG file, made for looking up (ITU-T T.81, annexes C and F.2.2). */
export interface HuffmanTable {
  /** By the next nine bits: length of the code << 8 | symbol; 0 where the code is longer. */
  readonly fast: Uint16Array;
  /** By length, 1 to 16: the largest code; -1 for a length without codes. */
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

/** What a block can take at most, in bytes: 64 codes of 16 bits, each followed by a number of 15. */
const longestBlockBytes = Math.ceil((blockSize * 31) / 8);
/** Zeros that must follow the entropy-coded data: damaged data may be read past their end by one block, in words of four bytes. */
export const entropyPaddingBytes = longestBlockBytes + 8;

/** Reads the coefficients of blocks from the entropy-coded data of a scan, of which the stuffed zeros were taken out. */
export class CoefficientReader {
  readonly #words: DataView;
  readonly #end: number;
  #bit = 0;

  /** `bytes` has {@link entropyPaddingBytes} after the first `length`. */
  constructor(bytes: Uint8ClampedArray, length: number) {
    this.#words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#end = length * 8;
  }

  /** The difference of the DC coefficient; NaN where no code fits or the data have ended. */
  readDc(table: HuffmanTable): number {
    if (this.#bit > this.#end) return NaN;
    const entry = lookUp(table, this.#peek(this.#bit));
    const size = entry & 255;
    this.#bit += entry >>> 8;
    if (entry < 0 || size > 15) return NaN;
    const value = size === 0 ? 0 : signed(this.#peek(this.#bit), size);
    this.#bit += size;
    return value;
  }

  /**
   * Puts the AC coefficients, multiplied by their steps, into `block`. Returns the place of the last one in the scan, 0 if
   * all are zero; -1 if no code fits or the data have ended.
   */
  readAc(table: HuffmanTable, steps: Int32Array, block: Int32Array): number {
    let bit = this.#bit;
    let last = 0;
    for (let position = 1; position < blockSize; position += 1) {
      const bits = this.#peek(bit);
      const entry = lookUp(table, bits);
      if (entry < 0) return -1;
      const length = entry >>> 8;
      const size = entry & 15;
      bit += length;
      if (size === 0) {
        if ((entry & 255) !== 0xf0) break;
        position += 15;
        continue;
      }
      position += (entry & 255) >>> 4;
      if (position >= blockSize) return -1;
      // Of the 25 bits at hand, a code of the fast table leaves enough for any number.
      const value = signed(length <= fastBits ? bits << length : this.#peek(bit), size);
      bit += size;
      const place = naturalOrder[position] ?? 0;
      block[place] = value * (steps[place] ?? 0);
      last = position;
    }
    this.#bit = bit;
    return bit > this.#end ? -1 : last;
  }

  /** The same without keeping them; false where no code fits or the data have ended. */
  skipAc(table: HuffmanTable): boolean {
    let bit = this.#bit;
    for (let position = 1; position < blockSize; position += 1) {
      const entry = lookUp(table, this.#peek(bit));
      if (entry < 0) return false;
      bit += (entry >>> 8) + (entry & 15);
      if ((entry & 255) === 0) break;
      position += (entry & 255) >>> 4;
    }
    this.#bit = bit;
    return bit <= this.#end;
  }

  /** The bits from `bit` on, the first one on top: 25 of them are valid. */
  #peek(bit: number): number {
    return this.#words.getInt32(bit >>> 3) << (bit & 7);
  }
}

/** The length of the code on top of `bits` << 8 | its symbol; -1 if no code fits. */
function lookUp(table: HuffmanTable, bits: number): number {
  const entry = table.fast[bits >>> (32 - fastBits)] ?? 0;
  return entry !== 0 ? entry : lookUpLong(table, bits);
}

function lookUpLong({ largest, shift, symbols }: HuffmanTable, bits: number): number {
  for (let length = fastBits + 1; length <= 16; length += 1) {
    const code = bits >>> (32 - length);
    if (code > (largest[length] ?? -1)) continue;
    const symbol = symbols[code + (shift[length] ?? 0)];
    return symbol === undefined ? -1 : (length << 8) | symbol;
  }
  return -1;
}

/** The number of `size` bits on top of `bits`: those that start with 0 are negative. */
function signed(bits: number, size: number): number {
  const value = bits >>> (32 - size);
  return bits < 0 ? value : value - (1 << size) + 1;
}
