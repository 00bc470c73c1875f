/*
 * Deflate64 (PKWARE's "enhanced deflating", method 9 of ZIP; what Windows writes of files above 2 GB). As deflate (RFC 1951), but for
 * the window of 64 KiB, distance codes 30 and 31 (14 more bits), and length code 285: 3 and 16 more bits instead of 258.
 */
const windowBytes = 65_536;
const longestMatch = 65_538;
/** Written before the oldest is dropped. */
const heldBytes = 2 * windowBytes;

const lengthBases = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 3,
];
const lengthBits = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 16];
const distanceBits = Array.from({ length: 32 }, (_, code) => Math.max(0, (code >> 1) - 1));
const distanceBases = distanceBits.map((bits, code) => (code < 2 ? code + 1 : 1 + ((2 + (code & 1)) << bits)));
const orderOfLengths = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** More than the header of a block takes, and more than a match does: so much is waited for before one is read. */
const headerBytes = 400;
const matchBytes = 16;

interface Codes {
  readonly lengths: Uint16Array;
  readonly distances: Uint16Array;
}

/** Unpacks Deflate64 piece by piece. `refuse` is called with what is wrong with the data. */
export class Inflate64 {
  readonly #refuse: (problem: string) => never;
  #input: Buffer = Buffer.alloc(0);
  #at = 0;
  #bits = 0;
  #bitCount = 0;
  readonly #out = Buffer.allocUnsafe(heldBytes + longestMatch);
  #written = 0;
  #handedOver = 0;
  #state: 'block' | 'stored' | 'codes' | 'end' = 'block';
  #isLast = false;
  #stored = 0;
  #codes: Codes = fixedCodes;

  constructor(refuse: (problem: string) => never) {
    this.#refuse = refuse;
  }

  /** Takes more of the packed data, and yields what it unpacks to; `isAll`: no more will follow. */
  *push(piece: Uint8Array, isAll: boolean): Generator<Buffer> {
    this.#input = Buffer.concat([this.#input.subarray(this.#at), piece]);
    this.#at = 0;
    while (this.#state !== 'end' && (isAll || this.#input.length - this.#at >= this.#needed())) {
      if (this.#state === 'block') this.#beginBlock();
      else if (this.#state === 'stored') this.#copyStored();
      else this.#decodeSome(isAll);
      if (this.#written >= heldBytes) {
        yield this.#handOver();
        this.#slide();
      }
    }
    if (isAll && this.#state !== 'end') this.#refuse('the packed data end too early');
    if (this.#written > this.#handedOver) yield this.#handOver();
  }

  #needed(): number {
    return this.#state === 'block' ? headerBytes : this.#state === 'stored' ? 1 : matchBytes;
  }

  #handOver(): Buffer {
    const piece = Buffer.from(this.#out.subarray(this.#handedOver, this.#written));
    this.#handedOver = this.#written;
    return piece;
  }

  #slide(): void {
    this.#out.copyWithin(0, this.#written - windowBytes, this.#written);
    this.#written = windowBytes;
    this.#handedOver = windowBytes;
  }

  #take(count: number): number {
    while (this.#bitCount < count) {
      const byte = this.#input[this.#at];
      if (byte === undefined) this.#refuse('the packed data end too early');
      this.#bits |= byte << this.#bitCount;
      this.#at += 1;
      this.#bitCount += 8;
    }
    const value = this.#bits & ((1 << count) - 1);
    this.#bits >>>= count;
    this.#bitCount -= count;
    return value;
  }

  #symbol(table: Uint16Array): number {
    while (this.#bitCount < 15 && this.#at < this.#input.length) {
      this.#bits |= (this.#input[this.#at] ?? 0) << this.#bitCount;
      this.#at += 1;
      this.#bitCount += 8;
    }
    const entry = table[this.#bits & 0x7fff] ?? 0;
    const length = entry & 15;
    if (length === 0 || length > this.#bitCount) this.#refuse('a code has no meaning');
    this.#bits >>>= length;
    this.#bitCount -= length;
    return entry >> 4;
  }

  #beginBlock(): void {
    if (this.#isLast) {
      this.#state = 'end';
      return;
    }
    this.#isLast = this.#take(1) === 1;
    const type = this.#take(2);
    if (type === 3) this.#refuse('a block is of a kind that there is not');
    if (type === 0) {
      this.#take(this.#bitCount % 8);
      this.#stored = this.#take(16);
      if (this.#take(16) !== (~this.#stored & 0xffff)) this.#refuse('the length of a stored block is damaged');
      this.#state = this.#stored === 0 ? 'block' : 'stored';
      return;
    }
    this.#codes = type === 1 ? fixedCodes : this.#readCodes();
    this.#state = 'codes';
  }

  #copyStored(): void {
    // Whole bytes may have been taken ahead.
    while (this.#stored > 0 && (this.#bitCount > 0 || this.#at < this.#input.length) && this.#written < heldBytes) {
      this.#out[this.#written] = this.#take(8);
      this.#written += 1;
      this.#stored -= 1;
    }
    if (this.#stored === 0) this.#state = 'block';
    else if (this.#written < heldBytes && this.#input.length === 0) this.#refuse('the packed data end too early');
  }

  #readCodes(): Codes {
    const [literals, distances, lengths] = [this.#take(5) + 257, this.#take(5) + 1, this.#take(4) + 4];
    const ofLengths = new Uint8Array(19);
    for (const code of orderOfLengths.slice(0, lengths)) ofLengths[code] = this.#take(3);
    const table = tableOf(ofLengths) ?? this.#refuse('the codes of a block are damaged');
    const all = new Uint8Array(literals + distances);
    for (let at = 0; at < all.length;) {
      const symbol = this.#symbol(table);
      if (symbol < 16) {
        all[at] = symbol;
        at += 1;
        continue;
      }
      if (symbol === 16 && at === 0) this.#refuse('the codes of a block are damaged');
      const repeated = symbol === 16 ? (all[at - 1] ?? 0) : 0;
      const count = symbol === 16 ? 3 + this.#take(2) : symbol === 17 ? 3 + this.#take(3) : 11 + this.#take(7);
      if (at + count > all.length) this.#refuse('the codes of a block are damaged');
      all.fill(repeated, at, at + count);
      at += count;
    }
    return {
      lengths: tableOf(all.subarray(0, literals)) ?? this.#refuse('the codes of a block are damaged'),
      distances: tableOf(all.subarray(literals)) ?? this.#refuse('the codes of a block are damaged'),
    };
  }

  #decodeSome(isAll: boolean): void {
    const { lengths, distances } = this.#codes;
    while (this.#written < heldBytes && (isAll || this.#input.length - this.#at >= matchBytes)) {
      const symbol = this.#symbol(lengths);
      if (symbol < 256) {
        this.#out[this.#written] = symbol;
        this.#written += 1;
        continue;
      }
      if (symbol === 256) {
        this.#state = 'block';
        return;
      }
      const base = lengthBases[symbol - 257];
      if (base === undefined) this.#refuse('a length is of a code that there is not');
      const length = base + this.#take(lengthBits[symbol - 257] ?? 0);
      const code = this.#symbol(distances);
      const distance = (distanceBases[code] ?? 0) + this.#take(distanceBits[code] ?? 0);
      if (distance > this.#written) this.#refuse('a match begins before the data');
      for (let end = this.#written + length; this.#written < end; this.#written += 1) {
        this.#out[this.#written] = this.#out[this.#written - distance] ?? 0;
      }
    }
  }
}

/** By the next 15 bits: the symbol, times 16, and the bits of its code; undefined if lengths are more than codes allow. */
function tableOf(lengths: Uint8Array): Uint16Array | undefined {
  const table = new Uint16Array(1 << 15);
  let code = 0;
  for (let length = 1; length <= 15; length += 1, code <<= 1) {
    for (const [symbol, its] of lengths.entries()) {
      if (its !== length) continue;
      if (code >= 1 << length) return undefined;
      for (let at = reversed(code, length); at < table.length; at += 1 << length) table[at] = (symbol << 4) | length;
      code += 1;
    }
  }
  return table;
}

function reversed(code: number, length: number): number {
  let result = 0;
  for (let bit = 0; bit < length; bit += 1) result |= ((code >> bit) & 1) << (length - 1 - bit);
  return result;
}

const fixedLengths = Uint8Array.from({ length: 288 }, (_, symbol) =>
  symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8,
);
const fixedCodes: Codes = {
  lengths: tableOf(fixedLengths) ?? new Uint16Array(),
  distances: tableOf(new Uint8Array(32).fill(5)) ?? new Uint16Array(),
};
