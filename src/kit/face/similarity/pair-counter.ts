import { productRanges, type RowRange } from './block-plan.ts';
import { type CodedRows, CodeFilter } from './code-filter.ts';
import { CountedValues } from './counted-values.ts';
import type { CounterProducts } from './counter-products.ts';
import { exactOfPairs, type Measure, measures } from './exact-score.ts';
import { type BinRange, rangeOf, type TailCounts, type TailPlan } from './impostor-tail.ts';
import { firstFrom, type PersonIndex, rowsOfPerson } from './person-rows.ts';
import type { PreparedRows, Products, Rows } from './products.ts';
import { binBelow, offsetsOf, scoreBins } from './score-bins.ts';
import { type FoundScores, leftOut, leftOutProduct, type OnFound, ScoreScan } from './score-scan.ts';

/** What is counted of all pairs of a left and a right row. */
export interface CountingTask {
  readonly columns: number;
  readonly measure: Measure;
  /** By how much a score may differ from the closeness and the shift of the measure. */
  readonly error: number;
  readonly tail: TailPlan;
  /** Few scores are counted and kept, as {@link countsFew} has it: each of them is computed again, so that it is the same whatever has computed the products. */
  readonly countsFew?: boolean | undefined;
  /** For each right row the closeness that left rows are ranked by, rising; none: there are no ranks. */
  readonly mates: readonly Float64Array[];
  /** One matrix is compared with itself: the left row is less than the right one, and they are not of one person. */
  readonly people?: PersonIndex | undefined;
  /** Of one matrix with itself: how often each row is closer than exactly these to another one. Every such pair is computed exactly: no more than a few in a hundred. */
  readonly accepting?: readonly number[] | undefined;
}

/** Rows of a matrix. */
export interface BlockRows extends Rows {
  /** Which row of the matrix is the first. */
  readonly start: number;
}

/** Some left rows, and the right ones that all of them are compared with. */
export interface Strip {
  readonly left: BlockRows;
  readonly panel: BlockRows;
}

export interface CountedPairs extends TailCounts {
  /** For each right row how many left rows are closer than exactly 0, 1, 2 ... of its mates: see `offsetsOf`. */
  readonly ranks: Uint32Array;
  /** For each threshold of `accepting`, for each row how many others are closer; both rows of a pair count it. */
  readonly acceptedOfRows: Uint32Array;
  /** Pairs whose scores products of whole numbers have told to be too low to matter. */
  readonly ruledOut: number;
}

/** Bins hold less than 2^32; a product has less than 2^20 scores. */
const productsPerTake = 4096;

/** Compares strips with panels on one engine, and counts. One call of {@link add} at a time. */
export class PairCounter {
  readonly #products: Products;
  readonly #task: CountingTask;
  readonly #scan: ScoreScan;
  readonly #filter: CodeFilter | undefined;
  readonly #histogram = new Float64Array(scoreBins.count);
  readonly #kept: readonly CountedValues[];
  /** Where the ranks of each right row begin. */
  readonly #offsets: Uint32Array;
  /** Ranks of what had to be compared exactly. */
  readonly #compared: Uint32Array;
  readonly #acceptedOfRows: Uint32Array;
  #panel: { readonly start: number; readonly blocks: readonly PreparedBlock[] } | undefined;
  #untaken = 0;
  #ruledOut = 0;

  constructor({ products, codes }: CounterProducts, task: CountingTask) {
    const { tail, mates, measure, error, columns, countsFew = false } = task;
    const { shift } = measures[measure];
    this.#products = products;
    this.#task = task;
    this.#offsets = offsetsOf(mates);
    this.#compared = new Uint32Array(this.#offsets.at(-1) ?? 0);
    this.#kept = tail.ranges.map(() => new CountedValues());
    const thresholds = mates.map((own) => own.map((closeness) => closeness + shift));
    this.#acceptedOfRows = new Uint32Array((task.accepting?.length ?? 0) * (task.people?.person.length ?? 0));
    this.#scan = new ScoreScan({ ...lookedFor(task), ...{ columns, countsFew, thresholds, error } });
    this.#filter = codes && countsFew ? new CodeFilter(codes, this.#scan.memory) : undefined;
  }

  async add({ left, panel }: Strip): Promise<void> {
    const blocks = await this.#prepare(panel);
    // The engine does not take memory that threads share.
    const values = this.#scan.left.subarray(0, left.count * this.#task.columns);
    values.set(left.values.subarray(0, values.length));
    let isTaken = false;
    for (const block of blocks) {
      const { right } = block;
      // No left row is less than one of these.
      if (this.#task.people !== undefined && right.start + right.count <= left.start + 1) continue;
      const found: OnFound = (kept, undecided) => {
        this.#keep(kept, { left, panel, right });
        this.#compare(undecided, { left, panel, right });
      };
      this.#scan.begin({ rows: left.count, columns: right, panelStart: panel.start });
      if (this.#filter?.isTried(right) === true) {
        if (!isTaken) this.#filter.take(left.count);
        isTaken = true;
        if (await this.#filterBlock(this.#filter, block, { left, found })) continue;
      }
      block.product ??= await this.#products.prepare(block.rows);
      await block.product.multiply({ values, count: left.count }, this.#scan.target);
      this.#leaveOut(left, right, { scores: this.#scan.target, leftOut });
      this.#scan.scan(found);
      this.#taken();
    }
  }

  /** Returns whether it came to the end; if not, what is left of the block is to be scanned. */
  async #filterBlock(
    filter: CodeFilter,
    block: PreparedBlock,
    { left, found }: { readonly left: BlockRows; readonly found: OnFound },
  ): Promise<boolean> {
    const { right, panelStart } = block;
    block.coded ??= await filter.prepare(right, panelStart);
    await filter.multiply(block.coded);
    this.#leaveOut(left, right, { scores: filter.target, leftOut: leftOutProduct });
    const isDone = this.#scan.filter(found);
    this.#ruledOut += filter.settle(block.coded, isDone);
    if (isDone) this.#taken();
    return isDone;
  }

  #taken(): void {
    this.#untaken += 1;
    if (this.#untaken % productsPerTake === 0) this.#scan.takeHistogram(this.#histogram);
  }

  /** Of all strips so far. */
  counts(): CountedPairs {
    this.#scan.takeHistogram(this.#histogram);
    const decided = this.#scan.rankCounts();
    return {
      histogram: this.#histogram.slice(),
      kept: this.#kept.map((values) => values.save()),
      ranks: this.#compared.map((count, place) => count + (decided[place] ?? 0)),
      acceptedOfRows: this.#acceptedOfRows.slice(),
      ruledOut: this.#ruledOut,
    };
  }

  async dispose(): Promise<void> {
    const { blocks = [] } = this.#panel ?? {};
    this.#panel = undefined;
    for (const { product, coded } of blocks) {
      await product?.dispose();
      await coded?.product.dispose();
    }
  }

  async #prepare({ start, count, values }: BlockRows): Promise<readonly PreparedBlock[]> {
    if (this.#panel?.start === start) return this.#panel.blocks;
    await this.dispose();
    const { columns } = this.#task;
    this.#scan.right.set(values.subarray(0, Math.min(count * columns, this.#scan.right.length)));
    const blocks = Array.from(productRanges({ start, count }), (right): PreparedBlock => {
      const first = (right.start - start) * columns;
      const rows = { values: values.subarray(first, first + right.count * columns), count: right.count };
      return { right, rows, panelStart: start };
    });
    this.#panel = { start, blocks };
    return blocks;
  }

  /** Takes out of the scores those of the same rows, of rows the other way round, and of one person. */
  #leaveOut(left: BlockRows, right: RowRange, to: { readonly scores: ProductTarget; readonly leftOut: number }): void {
    const { people } = this.#task;
    if (people === undefined) return;
    for (let row = 0; row < left.count; row += 1) {
      const start = row * right.count;
      const own = left.start + row;
      const before = own + 1 - right.start;
      if (before > 0) to.scores.fill(to.leftOut, start, start + Math.min(before, right.count));
      const same = rowsOfPerson(people, people.person[own] ?? 0);
      for (let at = firstFrom(same, Math.max(own + 1, right.start)); at < same.length; at += 1) {
        const column = (same[at] ?? 0) - right.start;
        if (column >= right.count) break;
        to.scores[start + column] = to.leftOut;
      }
    }
  }

  #keep(found: FoundScores, block: FoundBlock): void {
    const { tail, accepting } = this.#task;
    const closeness = this.#closeness(found, block);
    for (const [index, value] of closeness.entries()) {
      const range = rangeOf(tail.ranges, found.scores[2 * index + 1] ?? 0);
      if (range !== undefined) this.#kept[range]?.add(value);
      if (accepting !== undefined) this.#accept(value, found.places[2 * index] ?? 0, block);
    }
  }

  #accept(closeness: number, place: number, { left, right }: FoundBlock): void {
    const { accepting = [], people } = this.#task;
    const rows = people?.person.length ?? 0;
    const [one, other] = [left.start + Math.floor(place / right.count), right.start + (place % right.count)];
    for (const [index, threshold] of accepting.entries()) {
      if (closeness <= threshold) continue;
      for (const row of [one, other]) {
        const at = index * rows + row;
        this.#acceptedOfRows[at] = (this.#acceptedOfRows[at] ?? 0) + 1;
      }
    }
  }

  /** Those that a score is too close to a threshold to decide. */
  #compare(found: FoundScores, block: FoundBlock): void {
    const { mates } = this.#task;
    for (const [index, value] of this.#closeness(found, block).entries()) {
      const row = block.right.start + ((found.places[2 * index] ?? 0) % block.right.count);
      // Closer: greater than the closeness of the mate; as close is not closer.
      const passed = countBelow(mates[row] ?? new Float64Array(), value);
      const at = (this.#offsets[row] ?? 0) + passed;
      this.#compared[at] = (this.#compared[at] ?? 0) + 1;
    }
  }

  #closeness({ count, places }: FoundScores, { left, panel, right }: FoundBlock): Float64Array {
    const { columns, measure } = this.#task;
    const [leftAt, rightAt] = [new Int32Array(count), new Int32Array(count)];
    for (let index = 0; index < count; index += 1) {
      const place = places[2 * index] ?? 0;
      leftAt[index] = Math.floor(place / right.count) * columns;
      rightAt[index] = (right.start - panel.start + (place % right.count)) * columns;
    }
    return exactOfPairs(measure, { left: left.values, right: panel.values, leftAt, rightAt, count, columns });
  }
}

/** Bins whose scores are found: those of the plan, and all that may be closer than a threshold. */
function lookedFor({ tail, accepting = [], measure, error }: LookedFor): Pick<TailPlan, 'ranges' | 'least'> {
  if (accepting.length === 0) return tail;
  const first = binBelow(Math.min(...accepting) + measures[measure].shift - error);
  const below = tail.ranges.flatMap(([begin, end]): BinRange[] =>
    begin < first ? [[begin, Math.min(end, first)]] : [],
  );
  return { ranges: [...below, [first, scoreBins.count]], least: Math.min(tail.least, first) };
}

type LookedFor = Pick<CountingTask, 'tail' | 'accepting' | 'measure' | 'error'>;

/** To compute so many of all scores again takes a few hundredths of the time of their products. */
const fewShare = 1 / 64;

/** Whether few scores would be counted, as the histogram of those that are like them tells. */
export function countsFew(task: LookedFor, histogram: Float64Array): boolean {
  const { least } = lookedFor(task);
  let [counted, all] = [0, 0];
  for (let bin = 1; bin < histogram.length; bin += 1) {
    all += histogram[bin] ?? 0;
    if (bin >= least) counted += histogram[bin] ?? 0;
  }
  return counted <= fewShare * all && all > 0;
}

/** Of a panel; laid out for products when it is first needed. */
interface PreparedBlock {
  readonly right: RowRange;
  readonly rows: Rows;
  readonly panelStart: number;
  product?: PreparedRows;
  coded?: CodedRows;
}

type ProductTarget = Float32Array | Int32Array;

interface FoundBlock extends Strip {
  readonly right: RowRange;
}

/** How many of rising values are less. */
export function countBelow(rising: Float64Array, value: number): number {
  let [low, high] = [0, rising.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rising[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
