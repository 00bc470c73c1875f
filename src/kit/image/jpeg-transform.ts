import { naturalOrder } from './jpeg-huffman.ts';

/*
 * The inverse cosine transform of libjpeg's default, "islow" (Loeffler, Ligtenberg and Moschytz 1989, in integers:
 * jidctint.c of the Independent JPEG Group): 13 bits of fraction in the factors, 2 more bits kept between the passes.
 * Equal to it bit for bit, and so to what OpenCV, MXNet and sharp decode.
 */
const factorBits = 13;
const keptBits = 2;
const columnShift = factorBits - keptBits;
const columnHalf = 1 << (columnShift - 1);
const rowShift = factorBits + keptBits + 3;
/** Half of the last place, and the 128 that samples are shifted by. */
const rowHalf = (1 << (rowShift - 1)) + (128 << rowShift);

// Factors in 1/8192, named as in the source by their values.
const f0298 = 2446;
const f0390 = 3196;
const f0541 = 4433;
const f0765 = 6270;
const f0899 = 7373;
const f1175 = 9633;
const f1501 = 12299;
const f1847 = 15137;
const f1961 = 16069;
const f2053 = 16819;
const f2562 = 20995;
const f3072 = 25172;

/** The rightmost column of the coefficients up to each place of the scan. */
const lastColumns = Uint8Array.from(naturalOrder, (_, place) =>
  naturalOrder.subarray(0, place + 1).reduce((last, natural) => Math.max(last, natural & 7), 0),
);

/**
 * Turns 64 dequantised coefficients into samples at `at` of a plane, and leaves the block zero for the next one. `last`: place of
 * the last coefficient in the scan that is not zero.
 */
export function transformBlock(block: Int32Array, last: number, { samples, stride }: BlockTarget, at: number): void {
  transformLines(block, (lastColumns[last] ?? 7) + 1, columnPass);
  transformLines(block, 8, rowPass);
  for (let row = 0, target = at; row < 64; row += 8, target += stride) moveRow(block, row, samples, target);
}

/** Clamps eight numbers to samples and leaves zeros: written out, it costs a third of calls of `set` and `fill`. */
function moveRow(block: Int32Array, from: number, samples: Uint8ClampedArray, at: number): void {
  for (let column = 0; column < 8; column += 1) {
    samples[at + column] = block[from + column] ?? 0;
    block[from + column] = 0;
  }
}

export interface BlockTarget {
  readonly samples: Uint8ClampedArray;
  /** Samples from one row to the next. */
  readonly stride: number;
}

/** The same for a block of which only the first coefficient is not zero. */
export function fillBlock(block: Int32Array, { samples, stride }: BlockTarget, at: number): void {
  const flat = ((((block[0] ?? 0) << keptBits) << factorBits) + rowHalf) >> rowShift;
  for (let row = 0, target = at; row < 8; row += 1, target += stride) {
    for (let column = 0; column < 8; column += 1) samples[target + column] = flat;
  }
  block[0] = 0;
}

/** How the columns or the rows of a block are gone through. */
interface TransformPass {
  /** From the start of a line to that of the next. */
  readonly apart: number;
  /** From a number of a line to the next. */
  readonly step: number;
  /** Bits that are cut off after `half` was added. */
  readonly shift: number;
  readonly half: number;
}

const columnPass: TransformPass = { apart: 1, step: 8, shift: columnShift, half: columnHalf };
const rowPass: TransformPass = { apart: 8, step: 1, shift: rowShift, half: rowHalf };

/** The transform of lines of eight numbers, in place. */
function transformLines(block: Int32Array, lines: number, { apart, step, shift, half }: TransformPass): void {
  for (let line = 0, first = 0; line < lines; line += 1, first += apart) {
    const second = first + step;
    const third = second + step;
    const fourth = third + step;
    const fifth = fourth + step;
    const sixth = fifth + step;
    const seventh = sixth + step;
    const eighth = seventh + step;
    const in0 = block[first] ?? 0;
    const in1 = block[second] ?? 0;
    const in2 = block[third] ?? 0;
    const in3 = block[fourth] ?? 0;
    const in4 = block[fifth] ?? 0;
    const in5 = block[sixth] ?? 0;
    const in6 = block[seventh] ?? 0;
    const in7 = block[eighth] ?? 0;
    const evenTurn = Math.imul(in2 + in6, f0541);
    const even2 = evenTurn - Math.imul(in6, f1847);
    const even3 = evenTurn + Math.imul(in2, f0765);
    const even0 = (in0 + in4) << factorBits;
    const even1 = (in0 - in4) << factorBits;
    const e0 = even0 + even3 + half;
    const e3 = even0 - even3 + half;
    const e1 = even1 + even2 + half;
    const e2 = even1 - even2 + half;
    const turn = Math.imul(in7 + in3 + in5 + in1, f1175);
    const z1 = Math.imul(in7 + in1, f0899);
    const z2 = Math.imul(in5 + in3, f2562);
    const z3 = turn - Math.imul(in7 + in3, f1961);
    const z4 = turn - Math.imul(in5 + in1, f0390);
    const o0 = Math.imul(in7, f0298) - z1 + z3;
    const o1 = Math.imul(in5, f2053) - z2 + z4;
    const o2 = Math.imul(in3, f3072) - z2 + z3;
    const o3 = Math.imul(in1, f1501) - z1 + z4;
    block[first] = (e0 + o3) >> shift;
    block[eighth] = (e0 - o3) >> shift;
    block[second] = (e1 + o2) >> shift;
    block[seventh] = (e1 - o2) >> shift;
    block[third] = (e2 + o1) >> shift;
    block[sixth] = (e2 - o1) >> shift;
    block[fourth] = (e3 + o0) >> shift;
    block[fifth] = (e3 - o0) >> shift;
  }
}
