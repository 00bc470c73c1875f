import { panelRows, productScores, type RowRange, stripRows } from './block-plan.ts';
import { listEntries, rankNumbers, type ScanMemory, scanEnds, type ScanPlan, scanMemory } from './scan-memory.ts';
import { scoreBins } from './score-bins.ts';

/** A score below all bins that count: that of a pair which is left out. */
export const leftOut = -9;
/** The same where the products are whole numbers; the same number as in wasm/scores/scan.ts. */
export const leftOutProduct = -(2 ** 31);

/** Places in the block and scores, in turns: `places[2 * i]` and `scores[2 * i + 1]`. */
export interface FoundScores {
  readonly count: number;
  readonly places: Int32Array;
  readonly scores: Float32Array;
}

/** Called with those of a marked bin, and with those that are too close to a threshold to be ranked, as often as the lists are full. */
export type OnFound = (kept: FoundScores, undecided: FoundScores) => void;

/** A product that is looked through. */
export interface ScannedBlock {
  /** Left rows. */
  readonly rows: number;
  /** Right rows. */
  readonly columns: RowRange;
  readonly panelStart: number;
}

/**
 * Looks through blocks of scores in WebAssembly, in a fraction of the time in which they are computed. Blocks are to be computed
 * into {@link target}, so that no score is copied.
 */
export class ScoreScan {
  /** Of `productScores` floats: a row for each left row. */
  readonly target: Float32Array;
  /** The vectors of a strip. */
  readonly left: Float32Array;
  /** Those of a panel; empty where none are computed again. */
  readonly right: Float32Array;
  readonly memory: ScanMemory;
  readonly #lists: Readonly<Record<'kept' | 'undecided', Omit<FoundScores, 'count'>>>;

  constructor(plan: ScanPlan) {
    this.memory = scanMemory(plan);
    const { at, columns, module } = this.memory;
    const { buffer } = module.memory;
    this.target = new Float32Array(buffer, at.scores, productScores);
    this.left = new Float32Array(buffer, at.left, stripRows * columns);
    this.right = new Float32Array(buffer, at.right, plan.countsFew ? panelRows * columns : 0);
    this.#lists = { kept: listAt(buffer, at.kept), undecided: listAt(buffer, at.undecided) };
  }

  /** The block that is looked through next, from its beginning. */
  begin({ rows, columns, panelStart }: ScannedBlock): void {
    const { module, at, columns: width } = this.memory;
    const isRanked = at.ranks !== 0;
    const first = isRanked ? columns.start : 0;
    const own = isRanked ? at.ranks + 4 * rankNumbers * first : 0;
    const vectors = at.right + 4 * width * (columns.start - panelStart);
    module.begin(at.scores, rows, columns.count, at.minima + 4 * first, own, vectors);
  }

  /** Counts the scores of the block, which has been computed into the target. */
  scan(found: OnFound): void {
    this.#look(() => this.memory.module.scan(), found);
  }

  /** The same where the target has products of whole numbers; false where it has stopped and scores are to be scanned from there on. */
  filter(found: OnFound): boolean {
    return this.#look(() => this.memory.module.filter(), found) === scanEnds.done;
  }

  #look(look: () => number, found: OnFound): number {
    for (;;) {
      const end = look();
      const [kept, undecided] = [this.memory.module.keptScores(), this.memory.module.undecidedScores()];
      if (kept + undecided > 0) {
        found({ ...this.#lists.kept, count: kept }, { ...this.#lists.undecided, count: undecided });
      }
      if (end !== scanEnds.full) return end;
    }
  }

  /** Adds what was counted to `histogram`, and begins again. Needed before 2^32 scores are in one bin. */
  takeHistogram(histogram: Float64Array): void {
    const { module, at } = this.memory;
    const counted = new Uint32Array(module.memory.buffer, at.histogram, scoreBins.count);
    for (let bin = 0; bin < scoreBins.count; bin += 1) histogram[bin] = (histogram[bin] ?? 0) + (counted[bin] ?? 0);
    counted.fill(0);
  }

  /** How many scores of each right row were above exactly 0, 1, 2 ... of its thresholds, row after row; without those that were not decided. */
  rankCounts(): Uint32Array {
    const { module, at, offsets } = this.memory;
    return new Uint32Array(module.memory.buffer, at.counts, offsets.at(-1) ?? 0);
  }
}

function listAt(buffer: ArrayBuffer, at: number): Omit<FoundScores, 'count'> {
  return { places: new Int32Array(buffer, at, 2 * listEntries), scores: new Float32Array(buffer, at, 2 * listEntries) };
}
