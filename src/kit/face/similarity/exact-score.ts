/*
 * What the score of two vectors is. Tensor libraries sum products in float32 and in an order of their own, which depends on the
 * library, on the size of a block and on the processor. So the score is defined without them: the sum, in float64, of the products
 * of the components from the first to the last. Products of float32 are exact in float64. What a library computes differs
 * from it by less than `scoreError`; wherever a decision is that close, the score itself is computed, and decides.
 */

/** Where a vector begins. */
export interface VectorAt {
  readonly values: Float32Array;
  /** Of the first component. */
  readonly at: number;
}

/** The score of two vectors: their dot product in float64, summed from the first component to the last. */
export function exactScore(left: VectorAt, right: VectorAt, columns: number): number {
  let sum = 0;
  for (let column = 0; column < columns; column += 1) {
    sum += (left.values[left.at + column] ?? 0) * (right.values[right.at + column] ?? 0);
  }
  return sum;
}

/**
 * How close two vectors are: minus half of their squared distance, in float64, summed from the first component to the last. For
 * vectors of length 1 it is their score less 1, but for what rounding has made of their lengths.
 */
export function exactCloseness(left: VectorAt, right: VectorAt, columns: number): number {
  let sum = 0;
  for (let column = 0; column < columns; column += 1) {
    const difference = (left.values[left.at + column] ?? 0) - (right.values[right.at + column] ?? 0);
    sum += difference * difference;
  }
  return -sum / 2;
}

/** How close two vectors of length 1 are: the function, and by how much the score that a library computes is greater. */
export const measures = {
  cosine: { exact: exactScore, shift: 0 },
  distance: { exact: exactCloseness, shift: 1 },
} as const;

export type Measure = keyof typeof measures;

/** Half of the distance from 1 to the next float32. */
const unitRoundoff = 2 ** -24;

/**
 * The most by which a score computed in float32 differs from the exact one for vectors of at most length `length`, in whatever
 * order it is summed, with or without fused multiply-add: n u / (1 - n u) times the sum of the absolute products (Higham,
 * Accuracy and Stability of Numerical Algorithms, 2002, section 3.1), which is at most the product of the lengths (Cauchy-Schwarz).
 */
export function scoreError(columns: number, length = 1 + 1e-5): number {
  const relative = (columns * unitRoundoff) / (1 - columns * unitRoundoff);
  return relative * length ** 2;
}
