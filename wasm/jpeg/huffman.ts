/* Huffman tables of JPEG files, made for looking up (ITU-T T.81, annexes C and F.2.2). */

/** What a look-up asks with: the next ten bits. */
export const fastBits: i32 = 10;

/*
 * Bytes of a table:
 *   0     1024 entries, i32, by the next ten bits: value of the coefficient << 16 | zeros before it << 8 | bits of code and value;
 *         0 where that is more than ten bits
 *   4096  the largest code of each length, 0 to 16, i32; -1 for a length without codes
 *   4164  by length: what to add to a code to get the place of its symbol, i32
 *   4232  256 symbols
 *   4488  the segment that the table was made of, 272 bytes
 *   4760  its length; 0: the table was not made yet
 */
const largestAt: usize = 4096;
const shiftAt: usize = 4164;
const symbolsAt: usize = 4232;
const segmentAt: usize = 4488;
const lengthAt: usize = 4760;
const tableBytes: usize = 4768;

/** Zeros before a coefficient that is not there: the rest of the block is zero. */
export const endOfBlock: i32 = 128;

const symbolOfEnd: i32 = 0x00;
const symbolOfSixteenZeros: i32 = 0xf0;

/** Four tables for first coefficients, four for the others. */
const tables: usize = memory.data(8 * 4768, 16);

/** `kind`: 0 for first coefficients, 1 for the others; `id` 0 to 3. */
export function tableOf(kind: i32, id: i32): usize {
  return tables + <usize>(kind * 4 + id) * tableBytes;
}

/**
 * The table of a DHT segment: sixteen counts of codes by length, and symbols. False where codes do not fit into their lengths.
 * Most files of a set have the same tables: the last ones are kept.
 */
export function buildTable(table: usize, source: usize, symbols: i32, kind: i32): bool {
  const length = 16 + symbols;
  if (load<i32>(table + lengthAt) == length && memory.compare(table + segmentAt, source, length) == 0) return true;
  store<i32>(table + lengthAt, 0);
  memory.copy(table + segmentAt, source, length);
  memory.copy(table + symbolsAt, source + 16, symbols);
  memory.fill(table, 0, largestAt);
  let code: i32 = 0;
  let place: i32 = 0;
  for (let bits: i32 = 1; bits <= 16; bits += 1) {
    const count = <i32>load<u8>(source + bits - 1);
    if (code + count > 1 << bits) return false;
    store<i32>(table + shiftAt + bits * 4, place - code);
    for (let each: i32 = 0; each < count; each += 1, code += 1, place += 1) {
      if (bits <= fastBits) enter(table, code << (fastBits - bits), bits, <i32>load<u8>(source + 16 + place), kind);
    }
    store<i32>(table + largestAt + bits * 4, count > 0 ? code - 1 : -1);
    code <<= 1;
  }
  store<i32>(table + lengthAt, length);
  return true;
}

/** Fills the entries that begin with a code. */
function enter(table: usize, first: i32, bits: i32, symbol: i32, kind: i32): void {
  const size = symbol & 15;
  const zeros = kind == 0 ? 0 : symbol >> 4;
  for (let index = first; index < first + (1 << (fastBits - bits)); index += 1) {
    let entry = 0;
    if (kind == 1 && size == 0) {
      entry = specialEntry(symbol, bits);
    } else if (kind == 0 && symbol > 15) {
      continue;
    } else if (bits + size <= fastBits) {
      entry = coefficientEntry(signed(index >> (fastBits - bits - size), size), zeros, bits + size);
    }
    store<i32>(table + ((<usize>index) << 2), entry);
  }
}

/** Of a symbol without a value. All but one with sixteen zeros end the block, as libjpeg has it. */
export function specialEntry(symbol: i32, bits: i32): i32 {
  return ((symbol == symbolOfSixteenZeros ? 15 : endOfBlock) << 8) | bits;
}

export function coefficientEntry(value: i32, zeros: i32, bits: i32): i32 {
  return (value << 16) | (zeros << 8) | bits;
}

/** The number in the last `size` bits: those that start with 0 are negative. */
export function signed(bits: i32, size: i32): i32 {
  if (size == 0) return 0;
  const value = bits & ((1 << size) - 1);
  return value >> (size - 1) ? value : value - (1 << size) + 1;
}

/** Length of the code on top of sixteen bits << 8 | its symbol; -1 if no code fits. */
export function findCode(table: usize, bits: i32): i32 {
  for (let length: i32 = 1; length <= 16; length += 1) {
    const code = bits >> (16 - length);
    if (code > load<i32>(table + largestAt + length * 4)) continue;
    const place = code + load<i32>(table + shiftAt + length * 4);
    return (length << 8) | (<i32>load<u8>(table + symbolsAt + place));
  }
  return -1;
}
