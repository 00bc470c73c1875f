import { planComparison, type PlannedStrip, productRanges, productScores } from './block-plan.ts';
import type { BlockRows } from './pair-counter.ts';
import type { PreparedRows, Products } from './products.ts';
import type { VectorSource } from './vector-source.ts';

/** Scores of some rows of the left source with some of the right one. */
export interface ScoreBlock {
  readonly left: BlockRows;
  readonly right: BlockRows;
  /**
   * A row of `right.count` scores for each row of `left`, float32: see exact-score.ts for how far from the exact ones. They last until
   * the visitor returns, as do the rows.
   */
  readonly scores: Float32Array;
}

export interface VisitOptions {
  readonly products: Products;
  readonly left: VectorSource;
  readonly right: VectorSource;
  readonly signal: AbortSignal;
  /** How many pairs are done, of how many. */
  readonly onProgress?: (done: number, total: number) => void;
  readonly visit: (block: ScoreBlock) => void | Promise<void>;
}

/**
 * Visits the scores of all pairs block by block: those of one block and the rows of a few are in memory, whatever the sizes.
 * The rows of the next strip are read while one is computed. Rejects with the reason of `signal` once that is aborted, and
 * with what a reader, the engine or the visitor fails with.
 */
export async function visitScores(options: VisitOptions): Promise<void> {
  const { products, left, right, signal, onProgress, visit } = options;
  const plan = planComparison(left.rows, right.rows);
  const target = new Float32Array(productScores);
  const panels = new PreparedPanels(products, right);
  const strips = plan.strips(0);
  const readNext = (): StripReading | undefined => {
    const step = strips.next();
    if (step.done === true) return undefined;
    const rows = left.read(step.value.left.start, step.value.left.count);
    // It is waited for later: until then no handler would see it fail.
    rows.catch(() => undefined);
    return { strip: step.value, rows };
  };
  let done = 0;
  let next = readNext();
  try {
    while (next !== undefined) {
      const { strip, rows } = next;
      const values = await rows;
      // Begins before the engine takes this thread; the system reads on meanwhile.
      next = readNext();
      const ofLeft = { ...strip.left, values };
      for (const { product, rows: ofRight } of await panels.of(strip)) {
        signal.throwIfAborted();
        await product.multiply(ofLeft, target);
        await visit({ left: ofLeft, right: ofRight, scores: target.subarray(0, ofLeft.count * ofRight.count) });
        done += ofLeft.count * ofRight.count;
        onProgress?.(done, plan.pairs);
      }
    }
  } finally {
    await panels.dispose();
    // The source may be closed next.
    await Promise.allSettled([next?.rows]);
  }
}

interface StripReading {
  readonly strip: PlannedStrip;
  readonly rows: Promise<Float32Array>;
}

interface PreparedBlock {
  readonly product: PreparedRows;
  readonly rows: BlockRows;
}

/** The panel of the current strips, read and laid out once. */
class PreparedPanels {
  readonly #products: Products;
  readonly #source: VectorSource;
  #start: number | undefined;
  #blocks: PreparedBlock[] = [];

  constructor(products: Products, source: VectorSource) {
    this.#products = products;
    this.#source = source;
  }

  async of({ panel }: PlannedStrip): Promise<readonly PreparedBlock[]> {
    if (this.#start === panel.start) return this.#blocks;
    await this.dispose();
    const { columns } = this.#source;
    const values = await this.#source.read(panel.start, panel.count);
    for (const range of productRanges(panel)) {
      const first = (range.start - panel.start) * columns;
      const rows = { ...range, values: values.subarray(first, first + range.count * columns) };
      this.#blocks.push({ rows, product: await this.#products.prepare(rows) });
    }
    this.#start = panel.start;
    return this.#blocks;
  }

  async dispose(): Promise<void> {
    const blocks = this.#blocks;
    this.#blocks = [];
    this.#start = undefined;
    for (const { product } of blocks) await product.dispose();
  }
}
