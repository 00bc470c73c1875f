/*
 * Vectors as a byte for each number, with what that costs. A vector x is kept as s q, where q are whole numbers of -127 to 127 and s is a
 * float32; e = x - s q is its error. The vector y that is looked for is t p + f in the same way, p of up to 16 bits. Then
 *
 *     x.y = s t (q.p) + e.y + (s q).f,    |e.y| <= |e||y|,    |(s q).f| <= (|x| + |e|) |f|    (Cauchy-Schwarz),
 *
 * so that s t (q.p), which is computed with whole numbers, is off by at most |e||y| + (|x| + |e|)|f| and what rounding adds. Rows whose score
 * may be as high as the lowest of those that are surely among the best are compared exactly; the others cannot be among the best.
 */

/** A vector as whole numbers: `scale` times them is `error` away from it (Euclidean, rounded up). */
export interface Quantized {
  readonly scale: number;
  readonly error: number;
  /** Of the vector itself, rounded up. */
  readonly length: number;
}

/** The most that a code of a row may be. */
export const mostOfRow = 127;

/** The most that a code of a looked-for vector may be: products of all columns are summed in 32 bits. */
export function mostOfQuery(columns: number): number {
  return Math.min(32_767, Math.floor((2 ** 31 - 1) / (mostOfRow * columns)));
}

/** Writes the whole numbers of a vector to `codes`, which are -most to most. Numbers have to be finite. */
export function quantize(vector: Float32Array, codes: Int8Array | Int16Array, most: number): Quantized {
  let largest = 0;
  for (const value of vector) largest = Math.max(largest, Math.abs(value));
  const scale = Math.fround(largest / most);
  let [squares, errors] = [0, 0];
  for (let column = 0; column < vector.length; column += 1) {
    const value = vector[column] ?? 0;
    // A scale that was rounded down leads beyond the end, one of 0 nowhere.
    const code = scale === 0 ? 0 : Math.max(-most, Math.min(most, Math.round(value / scale)));
    codes[column] = code;
    squares += value * value;
    errors += (value - scale * code) ** 2;
  }
  return { scale, error: roundedUp(Math.sqrt(errors)), length: roundedUp(Math.sqrt(squares)) };
}

/** Half of the distance from 1 to the next float32. */
const unitRoundoff = 2 ** -24;

/** A float32 that is not less than a number which float64 has computed from sums of up to 2^20 squares. */
export function roundedUp(value: number): number {
  return Math.fround(value * (1 + 4 * unitRoundoff));
}

/**
 * What every score may be off by beside the error of its row: the error of the vector that is looked for, and rounding. `longest`: of
 * |x| + 2|e| of all rows. Score and bounds are computed with seven operations in float32, each of which errs by at most 2^-24 of numbers
 * below `longest` (|y| + |f|) (Higham, Accuracy and Stability of Numerical Algorithms, 2002, section 2.2); 32 of them leave room, also for
 * the rounding of the exact score in float64.
 */
export function marginOf({ error, length }: Quantized, longest: number): number {
  return roundedUp(longest * error + 32 * unitRoundoff * longest * (length + error));
}
