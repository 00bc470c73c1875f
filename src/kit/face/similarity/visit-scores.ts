import { blockScores, planBlocks, type PlannedBlock } from './block-plan.ts';
import type { Products, Rows } from './products.ts';
import type { VectorSource } from './vector-source.ts';

/** Rows of a source. */
export interface BlockRows extends Rows {
  /** Which row of the source is the first. */
  readonly start: number;
}

/** Scores of some rows of the left source with some of the right one. */
export interface ScoreBlock {
  /** Its place in the order in which blocks are visited, which depends on the numbers of rows only. */
  readonly index: number;
  readonly left: BlockRows;
  readonly right: BlockRows;
  /**
   * A row of `right.count` scores for each row of `left`, float32: see exact-score.ts for how far from the exact ones. They may be
   * written to, and last until the visitor returns, as do the rows.
   */
  readonly scores: Float32Array;
  /** Only one source is compared, and these are the same rows of it: the pairs are those above the diagonal. */
  readonly diagonal: boolean;
}

export interface VisitOptions {
  readonly products: Products;
  readonly left: VectorSource;
  /** Undefined: the left source with itself, each pair once: the row of the left vector is less than that of the right one. */
  readonly right?: VectorSource | undefined;
  /** Where scores are computed, e.g. in the memory of a WebAssembly module: `blockScores` (block-plan.ts) floats. Own memory unless given. */
  readonly target?: Float32Array;
  /** Blocks before this one were visited in an earlier run. */
  readonly firstBlock?: number;
  /** Of the others those are visited that it is true for; all unless given. */
  readonly only?: (block: number) => boolean;
  readonly signal: AbortSignal;
  /** How many pairs are done, of how many. */
  readonly onProgress?: (done: number, total: number) => void;
  readonly visit: (block: ScoreBlock) => void | Promise<void>;
}

/**
 * Visits the scores of all pairs block by block: those of one block and the rows of a few are in memory, whatever the sizes.
 * The rows of the next block are read while one is computed. Rejects with the reason of `signal` once that is aborted, and
 * with what a reader, the engine or the visitor fails with.
 */
export async function visitScores(options: VisitOptions): Promise<void> {
  const { products, left, right, target = new Float32Array(blockScores), firstBlock = 0, signal, onProgress } = options;
  const plan = planBlocks(left.rows, right?.rows, options.only);
  const reader = new BlockReader(left, right ?? left);
  const steps = plan.blocks(firstBlock);
  let done = plan.pairsBefore(firstBlock);
  let step = steps.next();
  let reading = step.done === true ? undefined : reader.read(step.value);
  try {
    while (step.done !== true && reading !== undefined) {
      signal.throwIfAborted();
      const planned = step.value;
      const rows = await reading;
      step = steps.next();
      // Begins before the engine takes this thread; the system reads on meanwhile.
      reading = step.done === true ? undefined : reader.read(step.value);
      // It is waited for later: until then no handler would see it fail.
      reading?.catch(() => undefined);
      await products.multiply(rows.left, rows.right, target);
      const scores = target.subarray(0, rows.left.count * rows.right.count);
      await options.visit({ ...rows, index: planned.index, diagonal: planned.diagonal, scores });
      done += planned.pairs;
      onProgress?.(done, plan.pairs);
    }
  } finally {
    // The source may be closed next.
    await Promise.allSettled([reading]);
  }
}

/** Reads the rows of blocks; those that the next block shares are read once. */
class BlockReader {
  readonly #sources: { readonly left: VectorSource; readonly right: VectorSource };
  #panel: { readonly start: number; readonly rows: Promise<Float32Array> } | undefined;
  #left: { readonly start: number; readonly rows: Promise<Float32Array> } | undefined;

  constructor(left: VectorSource, right: VectorSource) {
    this.#sources = { left, right };
  }

  async read(block: PlannedBlock): Promise<{ readonly left: BlockRows; readonly right: BlockRows }> {
    const { panel, left, right } = block;
    if (this.#panel?.start !== panel.start) {
      this.#panel = { start: panel.start, rows: this.#sources.right.read(panel.start, panel.count) };
    }
    if (this.#left?.start !== left.start) {
      this.#left = { start: left.start, rows: this.#sources.left.read(left.start, left.count) };
    }
    const [ofPanel, ofLeft] = await Promise.all([this.#panel.rows, this.#left.rows]);
    const { columns } = this.#sources.right;
    const first = right.start - panel.start;
    const ofRight = ofPanel.subarray(first * columns, (first + right.count) * columns);
    return { left: { ...left, values: ofLeft }, right: { ...right, values: ofRight } };
  }
}
