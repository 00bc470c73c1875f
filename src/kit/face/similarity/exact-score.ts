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

/** Vectors of two matrices that are compared with each other: where each begins. */
export interface ComparedPairs {
  readonly left: Float32Array;
  readonly right: Float32Array;
  readonly leftAt: Int32Array;
  readonly rightAt: Int32Array;
  readonly count: number;
  /** Of every vector. */
  readonly columns: number;
}

/**
 * {@link exactScore} or {@link exactCloseness} of pairs. Every sum has to wait for its own last addition: four of them side by side take as long
 * as one, and each is still summed from the first component to the last.
 */
export function exactOfPairs(measure: Measure, pairs: ComparedPairs): Float64Array {
  const { left, right, leftAt, rightAt, columns, count } = pairs;
  const { exact } = measures[measure];
  const four = measure === 'cosine' ? fourScores : fourClosenesses;
  const found = new Float64Array(count);
  let pair = 0;
  for (; pair + 4 <= count; pair += 4) four(pairs, pair, found);
  for (; pair < count; pair += 1) {
    found[pair] = exact({ values: left, at: leftAt[pair] ?? 0 }, { values: right, at: rightAt[pair] ?? 0 }, columns);
  }
  return found;
}

function fourScores(pairs: ComparedPairs, pair: number, found: Float64Array): void {
  const { left, right, leftAt, rightAt, columns } = pairs;
  const [a = 0, b = 0, c = 0, d = 0] = [leftAt[pair], leftAt[pair + 1], leftAt[pair + 2], leftAt[pair + 3]];
  const [e = 0, f = 0, g = 0, h = 0] = [rightAt[pair], rightAt[pair + 1], rightAt[pair + 2], rightAt[pair + 3]];
  let [one, two, three, four] = [0, 0, 0, 0];
  for (let column = 0; column < columns; column += 1) {
    one += (left[a + column] ?? 0) * (right[e + column] ?? 0);
    two += (left[b + column] ?? 0) * (right[f + column] ?? 0);
    three += (left[c + column] ?? 0) * (right[g + column] ?? 0);
    four += (left[d + column] ?? 0) * (right[h + column] ?? 0);
  }
  found[pair] = one;
  found[pair + 1] = two;
  found[pair + 2] = three;
  found[pair + 3] = four;
}

function fourClosenesses(pairs: ComparedPairs, pair: number, found: Float64Array): void {
  const { left, right, leftAt, rightAt, columns } = pairs;
  const [a = 0, b = 0, c = 0, d = 0] = [leftAt[pair], leftAt[pair + 1], leftAt[pair + 2], leftAt[pair + 3]];
  const [e = 0, f = 0, g = 0, h = 0] = [rightAt[pair], rightAt[pair + 1], rightAt[pair + 2], rightAt[pair + 3]];
  let [one, two, three, four] = [0, 0, 0, 0];
  for (let column = 0; column < columns; column += 1) {
    const first = (left[a + column] ?? 0) - (right[e + column] ?? 0);
    const second = (left[b + column] ?? 0) - (right[f + column] ?? 0);
    const third = (left[c + column] ?? 0) - (right[g + column] ?? 0);
    const fourth = (left[d + column] ?? 0) - (right[h + column] ?? 0);
    one += first * first;
    two += second * second;
    three += third * third;
    four += fourth * fourth;
  }
  found[pair] = -one / 2;
  found[pair + 1] = -two / 2;
  found[pair + 2] = -three / 2;
  found[pair + 3] = -four / 2;
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
