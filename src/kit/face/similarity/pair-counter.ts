import { productRanges, type RowRange } from './block-plan.ts';
import { CountedValues } from './counted-values.ts';
import { exactOfPairs, type Measure, measures } from './exact-score.ts';
import { type BinRange, rangeOf, type TailCounts, type TailPlan } from './impostor-tail.ts';
import { firstFrom, type PersonIndex, rowsOfPerson } from './person-rows.ts';
import type { PreparedRows, Products, Rows } from './products.ts';
import { binBelow, type FoundScores, leftOut, offsetsOf, scoreBins, ScoreScan } from './score-scan.ts';

/** What is counted of all pairs of a left and a right row. */
export interface CountingTask {
  readonly columns: number;
  readonly measure: Measure;
  /** By how much a score may differ from the closeness and the shift of the measure. */
  readonly error: number;
  readonly tail: TailPlan;
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
}

/** Bins hold less than 2^32; a product has less than 2^20 scores. */
const productsPerTake = 4096;

/** Compares strips with panels on one engine, and counts. One call of {@link add} at a time. */
export class PairCounter {
  readonly #products: Products;
  readonly #task: CountingTask;
  readonly #scan: ScoreScan;
  readonly #histogram = new Float64Array(scoreBins.count);
  readonly #kept: readonly CountedValues[];
  /** Where the ranks of each right row begin. */
  readonly #offsets: Uint32Array;
  /** Ranks of what had to be compared exactly. */
  readonly #compared: Uint32Array;
  readonly #acceptedOfRows: Uint32Array;
  #panel: { readonly start: number; readonly blocks: readonly PreparedBlock[] } | undefined;
  #untaken = 0;

  constructor(products: Products, task: CountingTask) {
    const { tail, mates, measure, error } = task;
    const { shift } = measures[measure];
    this.#products = products;
    this.#task = task;
    this.#offsets = offsetsOf(mates);
    this.#compared = new Uint32Array(this.#offsets.at(-1) ?? 0);
    this.#kept = tail.ranges.map(() => new CountedValues());
    const thresholds = mates.map((own) => own.map((closeness) => closeness + shift));
    this.#acceptedOfRows = new Uint32Array((task.accepting?.length ?? 0) * (task.people?.person.length ?? 0));
    this.#scan = new ScoreScan({ ...lookedFor(task), thresholds, error });
  }

  async add({ left, panel }: Strip): Promise<void> {
    const isWithin = this.#task.people !== undefined;
    for (const { product, right } of await this.#prepare(panel)) {
      // No left row is less than one of these.
      if (isWithin && right.start + right.count <= left.start + 1) continue;
      await product.multiply(left, this.#scan.target);
      this.#leaveOut(left, right);
      this.#scan.scan(left.count, right, (kept, undecided) => {
        this.#keep(kept, { left, panel, right });
        this.#compare(undecided, { left, panel, right });
      });
      this.#untaken += 1;
      if (this.#untaken % productsPerTake === 0) this.#scan.takeHistogram(this.#histogram);
    }
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
    };
  }

  async dispose(): Promise<void> {
    for (const { product } of this.#panel?.blocks ?? []) await product.dispose();
    this.#panel = undefined;
  }

  async #prepare({ start, count, values }: BlockRows): Promise<readonly PreparedBlock[]> {
    if (this.#panel?.start === start) return this.#panel.blocks;
    await this.dispose();
    const { columns } = this.#task;
    const blocks: PreparedBlock[] = [];
    this.#panel = { start, blocks };
    for (const right of productRanges({ start, count })) {
      const first = (right.start - start) * columns;
      const rows = { values: values.subarray(first, first + right.count * columns), count: right.count };
      blocks.push({ right, product: await this.#products.prepare(rows) });
    }
    return blocks;
  }

  /** Takes out of the scores those of the same rows, of rows the other way round, and of one person. */
  #leaveOut(left: BlockRows, right: RowRange): void {
    const { people } = this.#task;
    if (people === undefined) return;
    const { target } = this.#scan;
    for (let row = 0; row < left.count; row += 1) {
      const start = row * right.count;
      const own = left.start + row;
      const before = own + 1 - right.start;
      if (before > 0) target.fill(leftOut, start, start + Math.min(before, right.count));
      const same = rowsOfPerson(people, people.person[own] ?? 0);
      for (let at = firstFrom(same, Math.max(own + 1, right.start)); at < same.length; at += 1) {
        const column = (same[at] ?? 0) - right.start;
        if (column >= right.count) break;
        target[start + column] = leftOut;
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
function lookedFor({ tail, accepting = [], measure, error }: CountingTask): Pick<TailPlan, 'ranges' | 'least'> {
  if (accepting.length === 0) return tail;
  const first = binBelow(Math.min(...accepting) + measures[measure].shift - error);
  const below = tail.ranges.flatMap(([begin, end]): BinRange[] =>
    begin < first ? [[begin, Math.min(end, first)]] : [],
  );
  return { ranges: [...below, [first, scoreBins.count]], least: Math.min(tail.least, first) };
}

interface PreparedBlock {
  readonly right: RowRange;
  readonly product: PreparedRows;
}

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
