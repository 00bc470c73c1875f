import { Worker } from 'node:worker_threads';
import { compiledModule } from '../../core/package-folder.ts';
import { fail, FailureError, unreachable } from '../../core/failure.ts';
import { BatchFiller, type BatchJob, type BatchLayout } from './batch-filler.ts';
import { PackedDataset } from './packed-dataset.ts';
import { epochOrder, mirrorDraws } from './training-order.ts';
import type { TrainingWorkerData, TrainingWorkerReply, TrainingWorkerRequest } from './training-worker.ts';

/** What a training reads: which packed set, in which batches, from which step on. */
export interface TrainingReaderOptions {
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
export function openTrainingReader(options: TrainingReaderOptions): Promise<TrainingReader> {
  return Promise.resolve().then(() => new TrainingReader(options));
}

/**
 * An open packed training set as an endless sequence of batches. The order and the mirrored images follow from seed,
 * epoch and step alone: any number of threads, and any start, delivers the same batches.
 */
export class TrainingReader implements AsyncIterable<TrainingBatch> {
  readonly identities: number;
  readonly imageCount: number;
  readonly height: number;
  readonly width: number;
  /** floor(imageCount / batch): the last incomplete batch of an epoch is dropped. */
  readonly batchesPerEpoch: number;
  readonly #options: TrainingReaderOptions;
  readonly #dataset: PackedDataset;
  readonly #source: BatchSource;
  readonly #freeSlots: number[];
  readonly #pending: { readonly step: number; readonly slot: number; readonly filled: Promise<void> }[] = [];
  #nextStep: number;
  #order: { readonly epoch: number; readonly positions: Uint32Array } | undefined;
  #delivered: number | undefined;

  constructor(options: TrainingReaderOptions) {
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
      fail({
        code: 'too-few-images',
        message: `the set holds ${imageCount} images, fewer than one batch of ${options.batch}`,
        at: { file: recordPath },
        hint: 'Choose a smaller batch.',
      });
    }
    const layout = { recordPath, height: this.height, width: this.width, identities };
    this.#source = openSource(layout, options.batch, options.threads ?? 0);
    this.#freeSlots = this.#source.slots.map((_, slot) => slot);
    this.#nextStep = options.startStep ?? 0;
  }

  /** The next batch. Rejects with a FailureError that names file and offset where a record or its image is damaged. */
  async next(): Promise<TrainingBatch> {
    if (this.#delivered !== undefined) this.#freeSlots.push(this.#delivered);
    this.#delivered = undefined;
    this.#fillFreeSlots();
    const first = this.#pending.shift();
    if (first === undefined) throw new Error('the training reader was closed');
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

interface Slot {
  readonly images: Uint8Array;
  readonly labels: Int32Array;
}

/** Fills slots, in this thread or in others. */
interface BatchSource {
  readonly slots: readonly Slot[];
  fill(slot: number, job: BatchJob): Promise<void>;
  close(): Promise<void>;
}

function openSource(layout: BatchLayout, batch: number, threads: number): BatchSource {
  return threads === 0 ? openLocalSource(layout, batch) : new ThreadedSource(layout, batch, threads);
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

const workerUrl = compiledModule('src/kit/dataset/training-worker.ts');

/** Threads that fill shared memory: two batches ahead per thread, and the one that is in use. */
class ThreadedSource implements BatchSource {
  readonly slots: readonly Slot[];
  readonly #workers: readonly Worker[];
  readonly #stop = new SharedArrayBuffer(4);
  readonly #waiting = new Map<number, PromiseWithResolvers>();
  #nextWorker = 0;
  #closing = false;

  constructor(layout: BatchLayout, batch: number, threads: number) {
    const slotCount = 2 * threads + 1;
    const bytes = batch * layout.height * layout.width * 3;
    const images = Array.from({ length: slotCount }, () => new SharedArrayBuffer(bytes));
    const labels = images.map(() => new SharedArrayBuffer(batch * 4));
    this.slots = images.map((buffer, slot) => ({
      images: new Uint8Array(buffer),
      labels: new Int32Array(labels[slot] ?? new SharedArrayBuffer(0)),
    }));
    const workerData: TrainingWorkerData = { layout, images, labels, stop: this.#stop };
    this.#workers = Array.from({ length: threads }, () => this.#start(workerData));
    this.#keepProcessAlive(false);
  }

  fill(slot: number, job: BatchJob): Promise<void> {
    const worker = this.#workers[this.#nextWorker];
    this.#nextWorker = (this.#nextWorker + 1) % this.#workers.length;
    const request: TrainingWorkerRequest = { type: 'fill', slot, ...job };
    return new Promise((resolve, reject) => {
      this.#waiting.set(slot, { resolve, reject });
      this.#keepProcessAlive(true);
      worker?.postMessage(request);
    });
  }

  /** Lets each thread end by itself: one that is stopped inside the native decoder takes the process with it. */
  async close(): Promise<void> {
    this.#closing = true;
    Atomics.store(new Int32Array(this.#stop), 0, 1);
    const end: TrainingWorkerRequest = { type: 'end' };
    const ends = this.#workers.map((worker) => new Promise((resolve) => worker.once('exit', resolve)));
    this.#keepProcessAlive(true);
    for (const worker of this.#workers) worker.postMessage(end);
    await Promise.all(ends);
  }

  #start(workerData: TrainingWorkerData): Worker {
    const worker = new Worker(workerUrl, { workerData });
    worker.on('message', (reply: TrainingWorkerReply) => {
      const promise = this.#waiting.get(reply.slot);
      this.#waiting.delete(reply.slot);
      if (this.#waiting.size === 0 && !this.#closing) this.#keepProcessAlive(false);
      if (promise !== undefined) settle(promise, reply);
    });
    worker.on('error', (error) => {
      for (const promise of this.#waiting.values()) promise.reject(error);
      this.#waiting.clear();
    });
    return worker;
  }

  /** A process that forgot to close the reader can end while no batch is being filled. */
  #keepProcessAlive(alive: boolean): void {
    for (const worker of this.#workers) {
      if (alive) worker.ref();
      else worker.unref();
    }
  }
}

interface PromiseWithResolvers {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

function settle(promise: PromiseWithResolvers, reply: TrainingWorkerReply): void {
  switch (reply.outcome) {
    case 'filled':
      promise.resolve();
      break;
    case 'failed':
      promise.reject(new FailureError(reply.failures));
      break;
    case 'crashed':
      promise.reject(reply.error);
      break;
    default:
      unreachable(reply);
  }
}
