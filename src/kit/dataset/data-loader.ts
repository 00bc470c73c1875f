import { Random } from '../../core/random.ts';
import type { BatchJob } from './batch-filler.ts';
import { openLocalSource, openThreadedSource, type BatchSource } from './batch-source.ts';
import { batchOrder, type BatchOrder, type EmbeddedPool, type OrderState, type Sampling } from './batch-order.ts';
import { PackedSets, type SetPart } from './packed-sets.ts';
import { changesPixels, type Augmentations } from './augmentations/index.ts';
import { drawHoles, type Holes } from './augmentations/cut-out.ts';

/** What a training reads: which packed sets, in which batches, from which step on. */
export interface DataLoaderOptions {
  /** Folders of the packed sets: train.rec, train.idx (or none: it is rebuilt in memory) and property. */
  readonly folders: readonly string[];
  /** Images per batch. */
  readonly batch: number;
  /** Which of equal parts of every batch is delivered: the others are for other processes. Default: all of it. */
  readonly share?: { readonly rank: number; readonly size: number } | undefined;
  /** Decides the order of each epoch and which images are mirrored; 32-bit unsigned. */
  readonly seed: number;
  /** Flip each image left to right with probability 1/2. */
  readonly mirror: boolean;
  /** What else is changed at random. Default: nothing. */
  readonly augment?: Augmentations | undefined;
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
  /** NHWC, [batch, height, width, 3], RGB, 0..255; where a share is delivered, of that. */
  readonly images: Uint8Array;
  /** Class of each of the images, from 0. */
  readonly labels: Int32Array;
  /** Positions of the images of the whole batch in the sets, one set after the other, [batch], from 0. */
  readonly positions: Uint32Array;
  /** What is to be cut out of the images; absent where nothing is. */
  readonly holes?: Holes;
}

/** Turns images [count, height, width, 3], RGB 0..255, into embeddings [count, size]. */
export type EmbedImages = (pixels: Uint8Array, count: number) => Promise<Float32Array>;

/** Opens packed sets for training. Fails as {@link batchOrder} does: with `too-few-images`, for one. */
export function openDataLoader(options: DataLoaderOptions): Promise<DataLoader> {
  return Promise.resolve().then(() => new DataLoader(options));
}

/**
 * Open packed training sets as an endless sequence of batches. The order, the mirrored images and all other augmentations follow
 * from seed, epoch and step alone: any number of threads, and any start, delivers the same batches.
 */
export class DataLoader implements AsyncIterable<TrainingBatch> {
  readonly identities: number;
  readonly imageCount: number;
  readonly height: number;
  readonly width: number;
  /** How long {@link next} has taken in all, without what the network took to choose batches: the time that training waited. */
  waitedMs = 0;
  readonly #options: DataLoaderOptions;
  readonly #sets: PackedSets;
  readonly #source: BatchSource;
  /** Which images of a batch are delivered. */
  readonly #own: { readonly first: number; readonly count: number };
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
    this.#sets = new PackedSets(options.folders);
    const { identities, imageCount, size } = this.#sets;
    this.identities = identities;
    this.imageCount = imageCount;
    this.height = size.height;
    this.width = size.width;
    const { batch, seed, sampling, augment = {}, threads = 0 } = options;
    try {
      this.#order = batchOrder({ dataset: this.#sets, batch, seed, sampling, state: options.orderState });
    } catch (error) {
      this.#sets.close();
      throw error;
    }
    const sets = this.#sets.parts.map(({ set, firstLabel }) => {
      return { recordPath: set.recordPath, identities: set.identities, firstLabel };
    });
    const layout = { ...size, sets, augment };
    const { rank, size: shares } = options.share ?? { rank: 0, size: 1 };
    const count = batch / shares;
    this.#own = { first: rank * count, count };
    this.#source = threads === 0 ? openLocalSource(layout, count) : openThreadedSource(layout, count, threads);
    this.#freeSlots = this.#source.slots.map((_, slot) => slot);
    this.#nextStep = options.startStep ?? 0;
  }

  /**
   * The next batch. `embed` is the network as it is now: where batches are chosen by it, and the chosen ones are used up,
   * it is asked. Rejects with a FailureError that names file and offset where a record or its image is damaged.
   */
  async next(embed?: EmbedImages): Promise<TrainingBatch> {
    const start = performance.now();
    if (this.#delivered !== undefined) this.#freeSlots.push(this.#delivered);
    this.#delivered = undefined;
    this.#fillFreeSlots();
    const chosenMs = await this.#chooseIfNeeded(embed);
    const first = this.#pending.shift();
    if (first === undefined) throw new Error('the data loader was closed');
    await first.filled;
    const slot = this.#source.slots[first.slot];
    if (slot === undefined) throw new Error(`there is no slot ${String(first.slot)}`);
    this.#delivered = first.slot;
    const { step, positions } = first;
    const holes = this.#holesOf(step);
    this.waitedMs += performance.now() - start - chosenMs;
    return { step, positions, ...slot, ...(holes === undefined ? {} : { holes }) };
  }

  /** How long the network took to choose batches, where it had to. */
  async #chooseIfNeeded(embed: EmbedImages | undefined): Promise<number> {
    if (this.#pending.length > 0 || this.#freeSlots.length === 0) return 0;
    if (embed === undefined) throw new Error('batches are chosen by a network, and none was given');
    const start = performance.now();
    await this.#order.choose(this.#nextStep, (positions) => this.#embedPool(positions, embed));
    this.#fillFreeSlots();
    return performance.now() - start;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<TrainingBatch> {
    for (;;) yield await this.next();
  }

  /** Ends the worker threads and closes the files. */
  async close(): Promise<void> {
    this.#freeSlots.length = 0;
    this.#pending.length = 0;
    await this.#source.close();
    this.#sets.close();
  }

  #fillFreeSlots(): void {
    for (;;) {
      const step = this.#nextStep;
      const [slot] = this.#freeSlots;
      const positions = slot === undefined ? undefined : this.#order.positionsOf(step);
      if (slot === undefined || positions === undefined) return;
      this.#freeSlots.shift();
      this.#nextStep += 1;
      const filled = this.#source.fill(slot, this.#jobOf(step, positions));
      // A failure is thrown when its batch is asked for, not before.
      filled.catch(() => undefined);
      this.#pending.push({ step, slot, positions, filled });
    }
  }

  #jobOf(step: number, positions: Uint32Array): BatchJob {
    const { batch, seed, mirror, augment } = this.#options;
    const draws = mirror ? mirrorDraws(seed, step, batch) : new Uint8Array(batch);
    const [first, end] = [this.#own.first, this.#own.first + this.#own.count];
    const seeds = changesPixels(augment) ? { seeds: augmentationSeeds(seed, step, positions).slice(first, end) } : {};
    return { ...this.#placesOf(positions.subarray(first, end)), mirror: draws.slice(first, end), ...seeds };
  }

  #placesOf(positions: Uint32Array): Pick<BatchJob, 'sets' | 'offsets'> {
    const places = Array.from(positions, (position) => this.#sets.placeOf(position));
    return {
      sets: Uint16Array.from(places, ({ part }) => part),
      offsets: Float64Array.from(places, ({ offset }) => offset),
    };
  }

  #holesOf(step: number): Holes | undefined {
    const { augment, seed, batch } = this.#options;
    if (augment?.cutOut === undefined) return undefined;
    const random = Random.derive(seed, `cut-out of step ${String(step)}`);
    const holes = drawHoles(augment.cutOut, { batch, width: this.width, height: this.height }, random);
    // Four numbers an image.
    return holes.slice(4 * this.#own.first, 4 * (this.#own.first + this.#own.count));
  }

  /** The sets, in their order, with their share of the images and labels. */
  parts(): readonly SetPart[] {
    return this.#sets.parts;
  }

  /** The id of an image in its .rec file; with the number of the set, from 1, where there are several. */
  idOf(position: number): number | string {
    const { part, id } = this.#sets.placeOf(position);
    return this.#sets.parts.length === 1 ? id : `${id} of set ${part + 1}`;
  }

  /** Embeddings of images as they are, not mirrored, rows of length 1, a batch at a time. No slot is in use then. */
  async #embedPool(positions: Uint32Array, embed: EmbedImages): Promise<EmbeddedPool> {
    const { count: batch } = this.#own;
    const [slot = 0] = this.#freeSlots;
    const target = this.#source.slots[slot];
    if (target === undefined) throw new Error('there is no slot');
    const labels = new Int32Array(positions.length);
    let embeddings = new Float32Array();
    for (let start = 0; start < positions.length; start += batch) {
      const some = positions.subarray(start, start + batch);
      await this.#source.fill(slot, { ...this.#placesOf(some), mirror: new Uint8Array(some.length) });
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

/**
 * A seed for each image of a batch, by seed, step and the image. The step tells the epoch, and one image from itself where a batch
 * has it twice the place does.
 */
function augmentationSeeds(seed: number, step: number, positions: Uint32Array): Uint32Array {
  const random = Random.derive(seed, `augmentation of step ${String(step)}`);
  return positions.map((position) => (random.next() ^ position) >>> 0);
}
