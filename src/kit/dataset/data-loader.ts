import { fail } from '../../core/failure.ts';
import { compiledModule } from '../../core/package-folder.ts';
import { Random } from '../../core/random.ts';
import { WorkerPool } from '../../core/worker-pool.ts';
import { BatchFiller, type BatchJob, type BatchLayout, type BatchTarget } from './batch-filler.ts';
import type { LoaderJob, LoaderSetup } from './data-loader-worker.ts';
import { failures } from './failures.ts';
import { PackedDataset } from './packed-dataset.ts';

/** What a training reads: which packed set, in which batches, from which step on. */
export interface DataLoaderOptions {
  /** Folder of the packed set: train.rec, train.idx (or none: it is rebuilt in memory) and property. */
  readonly folder: string;
  /** Images per batch. */
  readonly batch: number;
  /** Decides the order of each epoch and which images are mirrored; 32-bit unsigned. */
  readonly seed: number;
  /** Flip each image left to right with probability 1/2. */
  readonly mirror: boolean;
  /** Number of the first batch to deliver, counted from 0 over all epochs; default 0. */
  readonly startStep?: number;
  /** Worker threads that decode; 0 decodes in the calling thread. Default 0. Never changes what is delivered. */
  readonly threads?: number;
}

/** One batch. Valid until the next one is asked for: its memory is used again. */
export interface TrainingBatch {
  /** Counted from 0 over all epochs. */
  readonly step: number;
  /** NHWC, [batch, height, width, 3], RGB, 0..255. */
  readonly images: Uint8Array;
  /** Class of each image, [batch], from 0. */
  readonly labels: Int32Array;
}

/** Opens a packed set for training. Fails if the set holds fewer images than one batch. */
export function openDataLoader(options: DataLoaderOptions): Promise<DataLoader> {
  return Promise.resolve().then(() => new DataLoader(options));
}

/**
 * An open packed training set as an endless sequence of batches. The order and the mirrored images follow from seed,
 * epoch and step alone: any number of threads, and any start, delivers the same batches.
 */
export class DataLoader implements AsyncIterable<TrainingBatch> {
  readonly identities: number;
  readonly imageCount: number;
  readonly height: number;
  readonly width: number;
  /** floor(imageCount / batch): the last incomplete batch of an epoch is dropped. */
  readonly batchesPerEpoch: number;
  readonly #options: DataLoaderOptions;
  readonly #dataset: PackedDataset;
  readonly #source: BatchSource;
  readonly #freeSlots: number[];
  readonly #pending: { readonly step: number; readonly slot: number; readonly filled: Promise<void> }[] = [];
  #nextStep: number;
  #order: { readonly epoch: number; readonly positions: Uint32Array } | undefined;
  #delivered: number | undefined;

  constructor(options: DataLoaderOptions) {
    this.#options = options;
    this.#dataset = new PackedDataset(options.folder);
    const { identities, imageCount, property, recordPath } = this.#dataset;
    this.identities = identities;
    this.imageCount = imageCount;
    this.height = property.height;
    this.width = property.width;
    this.batchesPerEpoch = Math.floor(imageCount / options.batch);
    if (this.batchesPerEpoch === 0) {
      this.#dataset.close();
      requireBatch({ images: imageCount, batch: options.batch }, recordPath);
    }
    const layout = { recordPath, height: this.height, width: this.width, identities };
    const { batch, threads = 0 } = options;
    this.#source = threads === 0 ? openLocalSource(layout, batch) : openThreadedSource(layout, batch, threads);
    this.#freeSlots = this.#source.slots.map((_, slot) => slot);
    this.#nextStep = options.startStep ?? 0;
  }

  /** The next batch. Rejects with a FailureError that names file and offset where a record or its image is damaged. */
  async next(): Promise<TrainingBatch> {
    if (this.#delivered !== undefined) this.#freeSlots.push(this.#delivered);
    this.#delivered = undefined;
    this.#fillFreeSlots();
    const first = this.#pending.shift();
    if (first === undefined) throw new Error('the data loader was closed');
    await first.filled;
    const slot = this.#source.slots[first.slot];
    if (slot === undefined) throw new Error(`there is no slot ${String(first.slot)}`);
    this.#delivered = first.slot;
    return { step: first.step, ...slot };
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<TrainingBatch> {
    for (;;) yield await this.next();
  }

  /** Ends the worker threads and closes the files. */
  async close(): Promise<void> {
    this.#freeSlots.length = 0;
    this.#pending.length = 0;
    await this.#source.close();
    this.#dataset.close();
  }

  #fillFreeSlots(): void {
    for (let slot = this.#freeSlots.shift(); slot !== undefined; slot = this.#freeSlots.shift()) {
      const step = this.#nextStep;
      this.#nextStep += 1;
      const filled = this.#source.fill(slot, this.#planStep(step));
      // A failure is thrown when its batch is asked for, not before.
      filled.catch(() => undefined);
      this.#pending.push({ step, slot, filled });
    }
  }

  #planStep(step: number): BatchJob {
    const { batch, seed, mirror } = this.#options;
    const epoch = Math.floor(step / this.batchesPerEpoch);
    if (this.#order?.epoch !== epoch) this.#order = { epoch, positions: epochOrder(seed, epoch, this.imageCount) };
    const start = (step % this.batchesPerEpoch) * batch;
    const positions = this.#order.positions.subarray(start, start + batch);
    return {
      offsets: Float64Array.from(positions, (position) => this.#dataset.offsetOfImage(position)),
      mirror: mirror ? mirrorDraws(seed, step, batch) : new Uint8Array(batch),
    };
  }
}

/**
 * The order of an epoch: positions 0..count-1, shuffled from the sorted order by seed and epoch alone, so that any
 * epoch can be made without those before it.
 */
function epochOrder(seed: number, epoch: number, count: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, position) => position);
  Random.derive(seed, `order of epoch ${String(epoch)}`).shuffle<number>(order);
  return order;
}

/** Which images of a batch are mirrored, by seed and step alone: 1 or 0 each. */
function mirrorDraws(seed: number, step: number, batch: number): Uint8Array {
  const random = Random.derive(seed, `mirror of step ${String(step)}`);
  return Uint8Array.from({ length: batch }, () => random.integer(2));
}

/** Fills slots with batches, in this thread or in others. */
interface BatchSource {
  readonly slots: readonly BatchTarget[];
  fill(slot: number, job: BatchJob): Promise<void>;
  close(): Promise<void>;
}

function openLocalSource(layout: BatchLayout, batch: number): BatchSource {
  const filler = new BatchFiller(layout);
  const slot = {
    images: new Uint8Array(batch * layout.height * layout.width * 3),
    labels: new Int32Array(batch),
  };
  return {
    slots: [slot],
    fill: (_slot, job) => filler.fill(job, slot),
    close() {
      filler.close();
      return Promise.resolve();
    },
  };
}

/** Threads that fill shared memory: two batches ahead per thread, and the one that is in use. */
function openThreadedSource(layout: BatchLayout, batch: number, threads: number): BatchSource {
  const bytes = batch * layout.height * layout.width * 3;
  const slots = Array.from({ length: 2 * threads + 1 }, () => ({
    images: new Uint8Array(new SharedArrayBuffer(bytes)),
    labels: new Int32Array(new SharedArrayBuffer(batch * 4)),
  }));
  const pool = new WorkerPool<LoaderSetup, LoaderJob, undefined>({
    module: compiledModule('src/kit/dataset/data-loader-worker.ts'),
    threads,
    setup: { layout, slots },
  });
  return { slots, fill: (slot, job) => pool.run({ slot, ...job }), close: () => pool.close() };
}

/** Fails with `too-few-images` if a set has fewer images than a batch. */
export function requireBatch(facts: { readonly images: number; readonly batch: number }, recordPath: string): void {
  if (facts.images < facts.batch) fail(failures.tooFewImages(facts, { file: recordPath }));
}
