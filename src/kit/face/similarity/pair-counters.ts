import { isOnnxruntimeOnCpu } from '../../net/engines/choose-engine.ts';
import { compiledModule } from '../../../core/package-folder.ts';
import { WorkerPool } from '../../../core/worker-pool.ts';
import { openCounterProducts } from './counter-products.ts';
import type { CounterJob, CounterReply } from './pair-counter-worker.ts';
import type { CountingTask } from './counting-task.ts';
import { type CountedPairs, PairCounter, type Strip } from './pair-counter.ts';
import type { ProductOptions } from './products.ts';

/** Counters of pairs that share the strips of a task. */
export interface PairCounters {
  /** For people: the library, its version, where it computes. */
  readonly computesWith: string;
  /** How many strips may be given to each before the first of them is done. */
  readonly ahead: number;
  readonly counters: readonly StripCounter[];
  /** Forgets what was counted. */
  begin(task: CountingTask): Promise<void>;
  /** Of each counter. */
  counts(): Promise<readonly CountedPairs[]>;
  /** Memory that the counters can read. */
  allocate(floats: number): Float32Array;
  close(): Promise<void>;
}

export interface StripCounter {
  /** Strips are counted one after the other. The memory of their rows is read until it resolves. */
  add(strip: Strip): Promise<void>;
}

export interface CounterOptions extends ProductOptions {
  /** How many there will be to count. */
  readonly pairs: number;
}

/** So many multiplications take a tenth of a second, in which a thread has hardly begun. */
const fewMultiplications = 4e9;

/** More threads than so many compute products together: each counter holds a panel and a list of what it found, about 100 MB. */
const mostCounters = 8;

/**
 * Counters on the engine of a task. onnxruntime on a processor: a thread of its own for each, which computes products and looks through them
 * while the others do the same, faster than several threads compute one product. Other engines, and few pairs: one
 * counter, in this thread. Fails with `engine-cannot-load`, `engine-changed`, `engine-imprecise`.
 */
export async function openPairCounters({ engine, threads, columns, pairs }: CounterOptions): Promise<PairCounters> {
  const count = Math.min(threads, mostCounters);
  if (!isOnnxruntimeOnCpu(engine) || pairs * columns < fewMultiplications)
    return inThisThread({ engine, threads, columns });
  return inThreads({ engine, threads: Math.floor(threads / count), columns }, count);
}

async function inThisThread(options: ProductOptions): Promise<PairCounters> {
  const products = await openCounterProducts(options);
  let counter: PairCounter | undefined;
  let last = Promise.resolve();
  const begun = (): PairCounter => {
    if (counter === undefined) throw new Error('there is no task to count for');
    return counter;
  };
  const add = (strip: Strip): Promise<void> => {
    const own = begun();
    last = last.then(() => own.add(strip));
    return last;
  };
  return {
    computesWith: products.computesWith,
    ahead: 2,
    counters: [{ add }],
    async begin(task) {
      await counter?.dispose();
      last = Promise.resolve();
      counter = new PairCounter(products, task);
    },
    counts: () => Promise.resolve([begun().counts()]),
    allocate: (floats) => new Float32Array(floats),
    async close() {
      await counter?.dispose();
      await products.products.dispose();
    },
  };
}

async function inThreads(options: ProductOptions, count: number): Promise<PairCounters> {
  const module = compiledModule('src/kit/face/similarity/pair-counter-worker.ts');
  // Pools of one thread: which of them is free next is known here.
  const threads = Array.from(
    { length: count },
    () => new WorkerPool<ProductOptions, CounterJob, CounterReply>({ module, threads: 1, setup: options }),
  );
  const askAll = (job: CounterJob): Promise<CounterReply[]> => Promise.all(threads.map((thread) => thread.run(job)));
  const close = async (): Promise<void> => {
    await Promise.all(threads.map((thread) => thread.close()));
  };
  try {
    const [computesWith] = await askAll({ kind: 'open' });
    if (typeof computesWith !== 'string') throw new Error('a counter does not tell what it computes with');
    return {
      computesWith: `${computesWith} x ${count}`,
      // On a busy machine this thread waits for up to a tenth of a second until it may go on.
      ahead: 8,
      counters: threads.map((thread) => ({
        async add(strip) {
          await thread.run({ kind: 'add', strip });
        },
      })),
      async begin(task) {
        await askAll({ kind: 'begin', task });
      },
      async counts() {
        const replies = await askAll({ kind: 'counts' });
        return replies.filter((reply) => typeof reply === 'object');
      },
      allocate: (floats) => new Float32Array(new SharedArrayBuffer(4 * floats)),
      async close() {
        await askAll({ kind: 'close' });
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}
