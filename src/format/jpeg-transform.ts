/*
 * The inverse cosine transform of libjpeg's default, "islow" (Loeffler, Ligtenberg and Moschytz 1989, in whole numbers:
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

/** Turns 64 dequantised coefficients into samples at `at` of a plane, and leaves the block zero for the next one. */
export function transformBlock(block: Int32Array, plane: Uint8ClampedArray, at: number, stride: number): void {
  for (let column = 0; column < 8; column += 1) transformColumn(block, column);
  for (let row = 0; row < 8; row += 1) transformRow(block, row * 8, plane, at + row * stride);
  block.fill(0);
}

/** The same for a block of which only the first coefficient is not zero. */
export function fillBlock(block: Int32Array, plane: Uint8ClampedArray, at: number, stride: number): void {
  const flat = ((((block[0] ?? 0) << keptBits) << factorBits) + rowHalf) >> rowShift;
  for (let row = 0; row < 8; row += 1) fillRow(plane, at + row * stride, flat);
  block[0] = 0;
}

/** Eight stores cost a fifth of a call of `fill`. */
function fillRow(plane: Uint8ClampedArray, at: number, sample: number): void {
  plane[at] = sample;
  plane[at + 1] = sample;
  plane[at + 2] = sample;
  plane[at + 3] = sample;
  plane[at + 4] = sample;
  plane[at + 5] = sample;
  plane[at + 6] = sample;
  plane[at + 7] = sample;
}

function transformColumn(block: Int32Array, c: number): void {
  const in0 = block[c] ?? 0;
  const in1 = block[c + 8] ?? 0;
  const in2 = block[c + 16] ?? 0;
  const in3 = block[c + 24] ?? 0;
  const in4 = block[c + 32] ?? 0;
  const in5 = block[c + 40] ?? 0;
  const in6 = block[c + 48] ?? 0;
  const in7 = block[c + 56] ?? 0;
  if ((in1 | in2 | in3 | in4 | in5 | in6 | in7) === 0) {
    const flat = in0 << keptBits;
    for (let place = c; place < 64; place += 8) block[place] = flat;
    return;
  }
  const evenTurn = (in2 + in6) * f0541;
  const even2 = evenTurn - in6 * f1847;
  const even3 = evenTurn + in2 * f0765;
  const even0 = (in0 + in4) << factorBits;
  const even1 = (in0 - in4) << factorBits;
  const e0 = even0 + even3 + columnHalf;
  const e3 = even0 - even3 + columnHalf;
  const e1 = even1 + even2 + columnHalf;
  const e2 = even1 - even2 + columnHalf;
  const turn = (in7 + in3 + in5 + in1) * f1175;
  const z1 = (in7 + in1) * f0899;
  const z2 = (in5 + in3) * f2562;
  const z3 = turn - (in7 + in3) * f1961;
  const z4 = turn - (in5 + in1) * f0390;
  const o0 = in7 * f0298 - z1 + z3;
  const o1 = in5 * f2053 - z2 + z4;
  const o2 = in3 * f3072 - z2 + z3;
  const o3 = in1 * f1501 - z1 + z4;
  block[c] = (e0 + o3) >> columnShift;
  block[c + 56] = (e0 - o3) >> columnShift;
  block[c + 8] = (e1 + o2) >> columnShift;
  block[c + 48] = (e1 - o2) >> columnShift;
  block[c + 16] = (e2 + o1) >> columnShift;
  block[c + 40] = (e2 - o1) >> columnShift;
  block[c + 24] = (e3 + o0) >> columnShift;
  block[c + 32] = (e3 - o0) >> columnShift;
}

function transformRow(block: Int32Array, r: number, plane: Uint8ClampedArray, at: number): void {
  const in0 = block[r] ?? 0;
  const in1 = block[r + 1] ?? 0;
  const in2 = block[r + 2] ?? 0;
  const in3 = block[r + 3] ?? 0;
  const in4 = block[r + 4] ?? 0;
  const in5 = block[r + 5] ?? 0;
  const in6 = block[r + 6] ?? 0;
  const in7 = block[r + 7] ?? 0;
  if ((in1 | in2 | in3 | in4 | in5 | in6 | in7) === 0) {
    fillRow(plane, at, ((in0 << factorBits) + rowHalf) >> rowShift);
    return;
  }
  const evenTurn = (in2 + in6) * f0541;
  const even2 = evenTurn - in6 * f1847;
  const even3 = evenTurn + in2 * f0765;
  const even0 = (in0 + in4) << factorBits;
  const even1 = (in0 - in4) << factorBits;
  const e0 = even0 + even3 + rowHalf;
  const e3 = even0 - even3 + rowHalf;
  const e1 = even1 + even2 + rowHalf;
  const e2 = even1 - even2 + rowHalf;
  const turn = (in7 + in3 + in5 + in1) * f1175;
  const z1 = (in7 + in1) * f0899;
  const z2 = (in5 + in3) * f2562;
  const z3 = turn - (in7 + in3) * f1961;
  const z4 = turn - (in5 + in1) * f0390;
  const o0 = in7 * f0298 - z1 + z3;
  const o1 = in5 * f2053 - z2 + z4;
  const o2 = in3 * f3072 - z2 + z3;
  const o3 = in1 * f1501 - z1 + z4;
  plane[at] = (e0 + o3) >> rowShift;
  plane[at + 7] = (e0 - o3) >> rowShift;
  plane[at + 1] = (e1 + o2) >> rowShift;
  plane[at + 6] = (e1 - o2) >> rowShift;
  plane[at + 2] = (e2 + o1) >> rowShift;
  plane[at + 5] = (e2 - o1) >> rowShift;
  plane[at + 3] = (e3 + o0) >> rowShift;
  plane[at + 4] = (e3 - o0) >> rowShift;
}
