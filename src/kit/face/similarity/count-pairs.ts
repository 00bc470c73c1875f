import { planComparison, type PlannedStrip } from './block-plan.ts';
import type { CountingTask } from './counting-task.ts';
import type { BlockRows, CountedPairs } from './pair-counter.ts';
import type { PairCounters, StripCounter } from './pair-counters.ts';
import type { VectorSource } from './vector-source.ts';

/** A pass over all pairs of two matrices, or over some strips of them. */
export interface CountingPass {
  readonly counters: PairCounters;
  readonly task: CountingTask;
  readonly left: VectorSource;
  /** Undefined: the left source with itself. */
  readonly right?: VectorSource | undefined;
  /** Strips before this one were counted in an earlier run. */
  readonly firstStrip?: number;
  /** Of the others those are counted that it is true for; all unless given. */
  readonly only?: (strip: number) => boolean;
  readonly signal: AbortSignal;
  /** How many pairs are done, of how many. */
  readonly onProgress?: (done: number, total: number) => void;
  readonly checkpoint?: Checkpoint | undefined;
}

/** Once in a while, and when the pass is interrupted, what was counted of the strips before one is handed out. */
export interface Checkpoint {
  readonly everyMs: number;
  readonly save: (nextStrip: number, counts: readonly CountedPairs[]) => void;
}

/**
 * Counts all pairs strip by strip, on all counters at once: the rows of a few strips and of a panel or two are in memory, whatever
 * the sizes. The rows of the next strips are read while others are computed. Rejects with the reason of `signal` once that is
 * aborted, and with what a reader or a counter fails with.
 */
export async function countPairs(pass: CountingPass): Promise<readonly CountedPairs[]> {
  const { counters, task, signal, firstStrip = 0, checkpoint } = pass;
  await counters.begin(task);
  const feed = new StripFeed(pass, firstStrip);
  const everyMs = checkpoint?.everyMs ?? Infinity;
  for (let until = performance.now() + everyMs; ; until = performance.now() + everyMs) {
    const isPaused = (): boolean => signal.aborted || performance.now() >= until;
    // All have ended when one has failed: sources may be closed next.
    const ends = await Promise.allSettled(counters.counters.map((counter) => feed.serve(counter, isPaused)));
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
    if (feed.isDone) return counters.counts();
    checkpoint?.save(feed.next, await counters.counts());
    signal.throwIfAborted();
  }
}

interface StripRows {
  /** Of the left source. */
  readonly values: Float32Array;
  readonly panel: BlockRows;
}

/** Hands out strips with their rows, in their order. */
class StripFeed {
  readonly #pass: CountingPass;
  readonly #total: number;
  readonly #strips: Generator<PlannedStrip, undefined>;
  readonly #free: Float32Array[] = [];
  readonly #reading = new Set<Promise<StripRows>>();
  #done: number;
  #panel: { readonly start: number; readonly rows: Promise<BlockRows> } | undefined;
  #failed = false;
  /** The strip after the last one that was handed out. */
  next: number;
  isDone = false;

  constructor(pass: CountingPass, firstStrip: number) {
    const plan = planComparison(pass.left.rows, pass.right?.rows, pass.only);
    this.#pass = pass;
    this.#total = plan.pairs;
    this.#strips = plan.strips(firstStrip);
    this.#done = plan.pairsBefore(firstStrip);
    this.next = firstStrip;
  }

  /** Lets a counter count strips until there are none left, or it is time to pause; resolves when they are counted. */
  async serve(counter: StripCounter, isPaused: () => boolean): Promise<void> {
    const { ahead } = this.#pass.counters;
    const given: Promise<void>[] = [];
    let last: Promise<unknown> = Promise.resolve();
    try {
      while (!this.#failed && !isPaused()) {
        const step = this.#strips.next();
        if (step.done === true) {
          this.isDone = true;
          break;
        }
        const strip = step.value;
        this.next = strip.index + 1;
        // Many may be read at a time; they are given in their order.
        const reading = this.#read(strip);
        this.#reading.add(reading);
        const turn = Promise.all([reading, last]);
        const counted = turn.then(([rows]) => {
          this.#reading.delete(reading);
          return this.#count(counter, strip, rows);
        });
        // They are waited for later: until then no handler would see them fail.
        counted.catch(() => undefined);
        last = turn;
        given.push(counted);
        if (given.length >= ahead) await given.shift();
      }
      await Promise.all(given);
    } catch (error) {
      this.#failed = true;
      await Promise.allSettled([...given, ...this.#reading]);
      throw error;
    }
  }

  async #count(counter: StripCounter, { left, pairs }: PlannedStrip, { values, panel }: StripRows): Promise<void> {
    await counter.add({ left: { ...left, values }, panel });
    this.#free.push(values);
    this.#done += pairs;
    this.#pass.onProgress?.(this.#done, this.#total);
  }

  async #read({ left, panel }: PlannedStrip): Promise<StripRows> {
    const { counters, left: source, right = source } = this.#pass;
    if (this.#panel?.start !== panel.start) {
      const room = counters.allocate(panel.count * right.columns);
      const rows = right.read(panel.start, panel.count, room).then((values) => ({ ...panel, values }));
      this.#panel = { start: panel.start, rows };
    }
    const reading = this.#panel.rows;
    // Memory of a strip that is counted; the last one of a matrix may be shorter.
    const size = left.count * source.columns;
    const free = this.#free.findIndex((each) => each.length === size);
    const room = free < 0 ? counters.allocate(size) : (this.#free.splice(free, 1)[0] ?? counters.allocate(size));
    const [values, ofPanel] = await Promise.all([source.read(left.start, left.count, room), reading]);
    return { values, panel: ofPanel };
  }
}
