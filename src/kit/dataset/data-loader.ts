import { compiledModule } from '../../core/package-folder.ts';
import { Random } from '../../core/random.ts';
import { WorkerPool } from '../../core/worker-pool.ts';
import { BatchFiller, type BatchJob, type BatchLayout, type BatchTarget } from './batch-filler.ts';
import type { LoaderJob, LoaderSetup } from './data-loader-worker.ts';
import { batchOrder, type BatchOrder, type EmbeddedPool, type OrderState, type Sampling } from './batch-order.ts';
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
  /** Of the loss, where shuffled images will not do. */
  readonly sampling?: Sampling | undefined;
  /** What {@link DataLoader.orderState} was when the training stopped. */
  readonly orderState?: OrderState | undefined;
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
  /** Positions of the images in the set, [batch], from 0. */
  readonly positions: Uint32Array;
}

/** Turns images [count, height, width, 3], RGB 0..255, into embeddings [count, size]. */
export type EmbedImages = (pixels: Uint8Array, count: number) => Promise<Float32Array>;

/** Opens a packed set for training. Fails as {@link batchOrder} does: with `too-few-images`, for one. */
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
  readonly #options: DataLoaderOptions;
  readonly #dataset: PackedDataset;
  readonly #source: BatchSource;
  readonly #freeSlots: number[];
  readonly #pending: {
    readonly step: number;
    readonly slot: number;
    readonly positions: Uint32Array;
    readonly filled: Promise<void>;
  }[] = [];
  #nextStep: number;
  readonly #order: BatchOrder;
  #delivered: number | undefined;

  constructor(options: DataLoaderOptions) {
    this.#options = options;
    this.#dataset = new PackedDataset(options.folder);
    const { identities, imageCount, property, recordPath } = this.#dataset;
    this.identities = identities;
    this.imageCount = imageCount;
    this.height = property.height;
    this.width = property.width;
    const { batch, seed, sampling, threads = 0 } = options;
    try {
      this.#order = batchOrder({ dataset: this.#dataset, batch, seed, sampling, state: options.orderState });
    } catch (error) {
      this.#dataset.close();
      throw error;
    }
    const layout = { recordPath, height: this.height, width: this.width, identities };
    this.#source = threads === 0 ? openLocalSource(layout, batch) : openThreadedSource(layout, batch, threads);
    this.#freeSlots = this.#source.slots.map((_, slot) => slot);
    this.#nextStep = options.startStep ?? 0;
  }

  /**
   * The next batch. `embed` is the network as it is now: where batches are chosen by it, and the chosen ones are used up,
   * it is asked. Rejects with a FailureError that names file and offset where a record or its image is damaged.
   */
  async next(embed?: EmbedImages): Promise<TrainingBatch> {
    if (this.#delivered !== undefined) this.#freeSlots.push(this.#delivered);
    this.#delivered = undefined;
    this.#fillFreeSlots();
    if (this.#pending.length === 0 && this.#freeSlots.length > 0) {
      if (embed === undefined) throw new Error('batches are chosen by a network, and none was given');
      await this.#order.choose(this.#nextStep, (positions) => this.#embedPool(positions, embed));
      this.#fillFreeSlots();
    }
    const first = this.#pending.shift();
    if (first === undefined) throw new Error('the data loader was closed');
    await first.filled;
    const slot = this.#source.slots[first.slot];
    if (slot === undefined) throw new Error(`there is no slot ${String(first.slot)}`);
    this.#delivered = first.slot;
    return { step: first.step, positions: first.positions, ...slot };
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
    for (;;) {
      const step = this.#nextStep;
      const [slot] = this.#freeSlots;
      const positions = slot === undefined ? undefined : this.#order.positionsOf(step);
      if (slot === undefined || positions === undefined) return;
      this.#freeSlots.shift();
      this.#nextStep += 1;
      const { batch, seed, mirror } = this.#options;
      const draws = mirror ? mirrorDraws(seed, step, batch) : new Uint8Array(batch);
      const filled = this.#source.fill(slot, { offsets: this.#offsetsOf(positions), mirror: draws });
      // A failure is thrown when its batch is asked for, not before.
      filled.catch(() => undefined);
      this.#pending.push({ step, slot, positions, filled });
    }
  }

  #offsetsOf(positions: Uint32Array): Float64Array {
    return Float64Array.from(positions, (position) => this.#dataset.offsetOfImage(position));
  }

  /** Embeddings of images as they are, not mirrored, rows of length 1, a batch at a time. No slot is in use then. */
  async #embedPool(positions: Uint32Array, embed: EmbedImages): Promise<EmbeddedPool> {
    const { batch } = this.#options;
    const [slot = 0] = this.#freeSlots;
    const target = this.#source.slots[slot];
    if (target === undefined) throw new Error('there is no slot');
    const labels = new Int32Array(positions.length);
    let embeddings = new Float32Array();
    for (let start = 0; start < positions.length; start += batch) {
      const some = positions.subarray(start, start + batch);
      await this.#source.fill(slot, { offsets: this.#offsetsOf(some), mirror: new Uint8Array(some.length) });
      labels.set(target.labels.subarray(0, some.length), start);
      const rows = await embed(target.images.subarray(0, some.length * this.height * this.width * 3), some.length);
      const size = rows.length / some.length;
      if (start === 0) embeddings = new Float32Array(positions.length * size);
      embeddings.set(unitRows(rows, size), start * size);
    }
    return { embeddings, labels };
  }

  /** What has to be remembered besides the step; undefined where everything follows from seed and step. */
  orderState(): OrderState | undefined {
    return this.#order.state();
  }
}

/** Rows divided by their Euclidean norm; a row of zeros stays. */
function unitRows(rows: Float32Array, size: number): Float32Array {
  const unit = rows.slice();
  for (let start = 0; start < unit.length; start += size) {
    const row = unit.subarray(start, start + size);
    const norm = Math.hypot(...row);
    if (norm > 0) for (const [index, value] of row.entries()) row[index] = value / norm;
  }
  return unit;
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
