import type { VectorSource } from './similarity/vector-source.ts';
import { unitSum } from './pair-distances.ts';

/** So many sums are in one piece of memory: what matrix products take at a time. */
const pieceRows = 2048;

/**
 * Sums of unit rows by identity. The centre of an identity is the mean of the normalised embeddings of its images,
 * normalised (insightface, src/data/dataset_merge.py): the direction of the sum. Memory: a row per identity, in pieces,
 * so that the number of identities need not be known.
 */
export class IdentityCentres {
  readonly columns: number;
  readonly #pieces: Float32Array[] = [];
  #count = 0;

  constructor(columns: number) {
    this.columns = columns;
  }

  /** Adds a row of length 1 to an identity; those before it that have none yet are zero. */
  add(identity: number, unit: ArrayLike<number>): void {
    while (this.#pieces.length * pieceRows <= identity) this.#pieces.push(new Float32Array(pieceRows * this.columns));
    this.#count = Math.max(this.#count, identity + 1);
    const sum = this.#rowOf(identity);
    for (let column = 0; column < sum.length; column += 1) sum[column] = (sum[column] ?? 0) + (unit[column] ?? 0);
  }

  /** Brings every sum to length 1, in place. A zero sum stays zero: the number of the first such identity is returned. */
  normalize(): number | undefined {
    const unit = new Float64Array(this.columns);
    let zero: number | undefined;
    for (let identity = 0; identity < this.#count; identity += 1) {
      const sum = this.#rowOf(identity);
      unitSum([sum], unit);
      sum.set(unit);
      if (zero === undefined && unit.every((value) => value === 0)) zero = identity;
    }
    return zero;
  }

  /** The row of an identity: its sum, or its centre after {@link normalize}. A view. */
  centre(identity: number): Float32Array {
    return this.#rowOf(identity);
  }

  /** All rows, in the order of the identities. */
  vectors(): VectorSource {
    return {
      rows: this.#count,
      columns: this.columns,
      read: (start, count) => Promise.resolve(this.#read(start, count)),
      close: () => Promise.resolve(),
    };
  }

  #rowOf(identity: number): Float32Array {
    const piece = this.#pieces[Math.floor(identity / pieceRows)];
    if (piece === undefined) throw new Error(`there is no identity ${identity}`);
    const at = (identity % pieceRows) * this.columns;
    return piece.subarray(at, at + this.columns);
  }

  /** A view where the rows are in one piece. */
  #read(start: number, count: number): Float32Array {
    const [first, last] = [Math.floor(start / pieceRows), Math.floor((start + count - 1) / pieceRows)];
    const from = (start - first * pieceRows) * this.columns;
    if (first === last) return this.#pieces[first]?.subarray(from, from + count * this.columns) ?? new Float32Array();
    const values = new Float32Array(count * this.columns);
    for (let row = 0; row < count; row += 1) values.set(this.#rowOf(start + row), row * this.columns);
    return values;
  }
}
