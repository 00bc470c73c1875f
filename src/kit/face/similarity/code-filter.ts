import { productScores, type RowRange } from './block-plan.ts';
import type { CodeProducts, PreparedCodes, ShiftedRows } from './code-products.ts';
import { scoreError } from './exact-score.ts';
import { mostOfRow, ProductBounds, quantizedNumbers, type Reach, reachOf } from './quantized.ts';
import type { ScanMemory } from './scan-memory.ts';

/** Right rows as whole numbers. */
export interface CodedRows {
  readonly right: RowRange;
  readonly product: PreparedCodes;
  readonly bounds: ProductBounds;
}

/** Of some right rows: how many blocks are still to be computed in float32, and how many after the next one with too many. */
interface Patience {
  left: number;
  next: number;
}

/** Of more scores than this share of a block it would take longer to compute each than to compute the whole block: 0.13 on the machine of bench/results/similarity.txt. */
const mostComputed = 1 / 16;
/** After a block with too many, so many are computed in float32; each time that there are too many again, twice as many. */
const fewestSkipped = 32;
const mostSkipped = 4096;

/**
 * Rules out most pairs by products of whole numbers, a third of the work: only the scores of the others are computed, each by itself. For blocks in
 * which too many would be left it steps back.
 */
export class CodeFilter {
  /** Where products of whole numbers are to be computed. */
  readonly target: Int32Array;
  readonly #products: CodeProducts;
  readonly #memory: ScanMemory;
  #left: ShiftedRows = { codes: new Uint8Array(0), count: 0 };
  #reach: Reach = { error: NaN, length: NaN };
  /** By the first of the right rows. */
  readonly #patience = new Map<number, Patience>();

  constructor(products: CodeProducts, memory: ScanMemory) {
    this.#products = products;
    this.#memory = memory;
    this.target = new Int32Array(memory.module.memory.buffer, memory.at.scores, productScores);
  }

  /** Right rows of the panel that is in the memory of the scan. */
  async prepare(right: RowRange, panelStart: number): Promise<CodedRows> {
    const { module, at, columns } = this.#memory;
    const { start, count } = right;
    const { buffer } = module.memory;
    const vectors = at.right + 4 * columns * (start - panelStart);
    module.quantizeRows(vectors, count, at.rightCodes, mostOfRow, at.rightNumbers);
    const codes = new Int8Array(buffer, at.rightCodes, count * columns);
    return {
      right,
      product: await this.#products.prepare({ codes, count }),
      bounds: new ProductBounds(numbersAt(buffer, at.rightNumbers, count), scoreError(columns, 1)),
    };
  }

  /** The left rows that are in the memory of the scan. */
  take(rows: number): void {
    const { module, at, columns } = this.#memory;
    const { buffer } = module.memory;
    module.quantizeRows(at.left, rows, at.leftCodes, mostOfRow, at.leftNumbers);
    module.shiftCodes(at.leftCodes, rows * columns);
    this.#left = { codes: new Uint8Array(buffer, at.leftCodes, rows * columns), count: rows };
    this.#reach = reachOf(numbersAt(buffer, at.leftNumbers, rows));
  }

  /** Whether the next block of these right rows is worth a try. */
  isTried({ start }: RowRange): boolean {
    const patience = this.#patience.get(start);
    if (patience === undefined || patience.left === 0) return true;
    patience.left -= 1;
    return false;
  }

  /** Computes the products of the left rows that were taken, and what of them is too low. */
  async multiply({ right, product, bounds }: CodedRows): Promise<void> {
    const { module, at } = this.#memory;
    const { buffer } = module.memory;
    const isRanked = at.ranks !== 0;
    const minima = new Float32Array(buffer, at.minima + (isRanked ? 4 * right.start : 0), right.count);
    await product.multiply(this.#left, this.target);
    bounds.write(this.#reach, minima, {
      added: new Float32Array(buffer, at.added, right.count),
      tooLow: new Float32Array(buffer, at.tooLow, right.count),
    });
    module.bound(at.leftNumbers, at.added, at.tooLow, this.#budget(right));
  }

  #budget({ count }: RowRange): number {
    return Math.ceil(this.#left.count * count * mostComputed);
  }

  /** How many of the pairs of a block have been ruled out, of which the filter has come to the end or not. */
  settle({ right }: CodedRows, isDone: boolean): number {
    if (isDone) {
      this.#patience.delete(right.start);
      const computed = this.#budget(right) - this.#memory.module.budgetLeft();
      return this.#left.count * right.count - computed;
    }
    const { next } = this.#patience.get(right.start) ?? { next: fewestSkipped };
    this.#patience.set(right.start, { left: next, next: Math.min(2 * next, mostSkipped) });
    return 0;
  }
}

function numbersAt(buffer: ArrayBuffer, at: number, rows: number): Float32Array {
  return new Float32Array(buffer, at, quantizedNumbers * rows);
}
