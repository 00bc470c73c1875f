/*
 * Vectors as a byte for each number, with what that costs. A vector x is kept as s q, where q are whole numbers of -127 to 127 and s is a
 * float32; e = x - s q is its error. The vector y that is looked for is t p + f in the same way, p of up to 16 bits. Then
 *
 *     x.y = s t (q.p) + e.y + (s q).f,    |e.y| <= |e||y|,    |(s q).f| <= (|x| + |e|) |f|    (Cauchy-Schwarz),
 *
 * so that s t (q.p), which is computed with whole numbers, is off by at most |e||y| + (|x| + |e|)|f| and what rounding adds. In a search rows whose
 * score may be as high as the lowest of those that are surely among the best are compared exactly; the others cannot be among the best. Where
 * all pairs of many vectors are counted, those that may reach the least score that counts are computed.
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

/** What wasm/codes/quantize.ts exports. */
export interface QuantizeExport {
  /** Writes -most to most, of one byte or, where `isWide` is 1, of two; then scale, error and length to `numbers`, float32. Numbers have to be finite. */
  quantize(
    ...call: [vector: number, columns: number, codes: number, isWide: number, most: number, numbers: number]
  ): void;
}

/** Of one vector: scale, error, length. */
export const quantizedNumbers = 3;

export function quantizedAt(numbers: Float32Array, row: number): Quantized {
  const at = quantizedNumbers * row;
  return { scale: numbers[at] ?? NaN, error: numbers[at + 1] ?? NaN, length: numbers[at + 2] ?? NaN };
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

/** The least normal float32: what is less may have been rounded by as much as it is. */
const leastNormal = 2 ** -126;

/** A scale of 0 belongs to codes of 0, for which any does. */
function divisorOf({ scale }: Quantized): number {
  return scale === 0 ? leastNormal : scale;
}

/** The most that some rows are: error / scale, and length + error. */
export interface Reach {
  readonly error: number;
  readonly length: number;
}

export function reachOf(numbers: Float32Array): Reach {
  let [error, length] = [0, 0];
  for (let row = 0; row < numbers.length / quantizedNumbers; row += 1) {
    const own = quantizedAt(numbers, row);
    error = Math.max(error, own.error / divisorOf(own));
    length = Math.max(length, own.length + own.error);
  }
  return { error, length };
}

/**
 * Which products of whole numbers tell that a score is too low. With x of the left rows, y of the right ones and t > 0, x.y is less than m if
 *
 *     s (q.p + (|e|/s) (|y|/t)) < m/t - (|x| + |e|) |f|/t
 *
 * (the inequality above, divided by t). |e|/s and |x| + |e| are taken as the most of the left rows: then what is added to q.p, and the right side, are one
 * number for each right row. |e|/s hardly differs from row to row, however long they are.
 *
 * Rounding: the left side is computed with four operations in float32, each of which errs by 2^-24 of at most s |q.p| <= (|x| + |e|)(|y| + |f|)/t or of what is
 * added, and the score that is compared with m by `scoreError` times |x||y|; see the factors below, and numbers that are less than normal ones.
 */
export class ProductBounds {
  readonly #divisors: Float64Array;
  /** For each right row |y|/t, and what the length of the left row counts. */
  readonly #byError: Float64Array;
  readonly #byLength: Float64Array;

  constructor(numbers: Float32Array, scoreError: number) {
    const count = numbers.length / quantizedNumbers;
    this.#divisors = new Float64Array(count);
    this.#byError = new Float64Array(count);
    this.#byLength = new Float64Array(count);
    for (let row = 0; row < count; row += 1) {
      const own = quantizedAt(numbers, row);
      const divisor = divisorOf(own);
      this.#divisors[row] = divisor;
      this.#byError[row] = (own.length / divisor) * (1 + 16 * unitRoundoff);
      const rounding = (scoreError + 32 * unitRoundoff) * (own.length + own.error);
      this.#byLength[row] = (own.error + rounding) / divisor;
    }
  }

  /** For the right rows what is added to products, and what is too low for scores of at least `minima`, float32. */
  write({ error, length }: Reach, minima: Float32Array, to: Readonly<Record<'added' | 'tooLow', Float32Array>>): void {
    for (let row = 0; row < minima.length; row += 1) {
      to.added[row] = error * (this.#byError[row] ?? NaN);
      const least = ((minima[row] ?? NaN) - leastNormal) / (this.#divisors[row] ?? NaN);
      const low = least - length * (this.#byLength[row] ?? NaN);
      to.tooLow[row] = low - 4 * unitRoundoff * Math.abs(low) - leastNormal;
    }
  }
}
