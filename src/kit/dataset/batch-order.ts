import { fail } from '../../core/failure.ts';
import { Random } from '../../core/random.ts';
import { failures } from './failures.ts';
import type { PackedDataset } from './packed-dataset.ts';

/** Embeddings of a pool of images that batches are chosen from. */
export interface EmbeddedPool {
  /** [images, embeddingSize], rows of length 1. */
  readonly embeddings: Float32Array;
  /** [images]; images of one identity are adjacent. */
  readonly labels: Int32Array;
}

/** What batches a loss needs, where shuffled images of any identities will not do. */
export interface Sampling {
  /** Images of each identity that are adjacent in the sequence from which batches or pools are cut. */
  readonly imagesPerIdentity: number;
  /** The size of a batch is a multiple of this. */
  readonly batchMultiple: number;
  /** Where batches are chosen by what the network makes of the images now. */
  readonly mining?: {
    /** Images in a pool. */
    readonly poolSize: number;
    /** Positions in the pool, whole batches of `batch` one after another; what does not fill a batch is left out. */
    choose(pool: EmbeddedPool, draw: { readonly batch: number; readonly random: Random }): Int32Array;
  };
}

/** Embeds images by their positions in the set; rows of length 1. */
export type EmbedPool = (positions: Uint32Array) => Promise<EmbeddedPool>;

/** What a training remembers of an order that depends on the network, to go on as if it had not stopped. */
export interface OrderState {
  /** The step, counted from 0, that the chosen batches begin with. */
  readonly from: number;
  /** Pools that have been looked at. */
  readonly pools: number;
  /** Positions of the images of the chosen batches, one batch after the other. */
  readonly chosen: readonly number[];
}

/** Which images each batch is made of, by their positions in the packed set. */
export interface BatchOrder {
  /** Of batch `step`, counted from 0 over all epochs; undefined while it has to be chosen first. */
  positionsOf(step: number): Uint32Array | undefined;
  /** Chooses batches from `step` on, by the network as it is now. */
  choose(step: number, embed: EmbedPool): Promise<void>;
  /** Absent where everything follows from seed and step. */
  state(): OrderState | undefined;
}

export interface OrderOptions {
  readonly dataset: PackedDataset;
  readonly batch: number;
  readonly seed: number;
  readonly sampling?: Sampling | undefined;
  /** Of the checkpoint that the training resumes from. */
  readonly state?: OrderState | undefined;
}

/** Fails with `too-few-images`, `batch-not-divisible`, `no-identity-records`, `too-few-identities`. */
export function batchOrder({ dataset, batch, seed, sampling, state }: OrderOptions): BatchOrder {
  if (sampling === undefined) return new ShuffledOrder(dataset, batch, seed);
  const { imagesPerIdentity, mining } = sampling;
  requireWholeGroups(batch, sampling);
  const groups = identityGroups(dataset);
  const sequence = { groups, imagesPerIdentity, seed, fills: mining === undefined };
  if (mining === undefined) return new GroupedOrder(sequence, batch, dataset.recordPath);
  return new MinedOrder(sequence, { mining, batch, file: dataset.recordPath }, state);
}

/** All images, shuffled in each epoch; the last incomplete batch is left out. */
class ShuffledOrder implements BatchOrder {
  readonly #imageCount: number;
  readonly #batch: number;
  readonly #seed: number;
  readonly #batchesPerEpoch: number;
  #order: { readonly epoch: number; readonly positions: Uint32Array } | undefined;

  constructor({ imageCount, recordPath }: PackedDataset, batch: number, seed: number) {
    this.#imageCount = imageCount;
    this.#batch = batch;
    this.#seed = seed;
    this.#batchesPerEpoch = Math.floor(imageCount / batch);
    requireBatch({ images: imageCount, batch }, recordPath);
  }

  positionsOf(step: number): Uint32Array {
    const epoch = Math.floor(step / this.#batchesPerEpoch);
    if (this.#order?.epoch !== epoch) this.#order = { epoch, positions: this.#epochOrder(epoch) };
    const start = (step % this.#batchesPerEpoch) * this.#batch;
    return this.#order.positions.subarray(start, start + this.#batch);
  }

  /**
   * The order of an epoch: positions 0..count-1, shuffled from the sorted order by seed and epoch alone, so that any
   * epoch can be made without those before it.
   */
  #epochOrder(epoch: number): Uint32Array {
    const order = Uint32Array.from({ length: this.#imageCount }, (_, position) => position);
    Random.derive(this.#seed, `order of epoch ${String(epoch)}`).shuffle<number>(order);
    return order;
  }

  choose(): Promise<void> {
    throw new Error('a shuffled order has nothing to choose');
  }

  state(): undefined {
    return undefined;
  }
}

/** A sequence in which the images of an identity are adjacent. */
interface GroupedSequence {
  /** Positions of the images of each identity that has two or more. */
  readonly groups: readonly Uint32Array[];
  readonly imagesPerIdentity: number;
  readonly seed: number;
  /** Identities with fewer images than that fill their places with some of them again; otherwise they have fewer places. */
  readonly fills: boolean;
}

/** Identities and the images of each in a random order, by seed and epoch alone. */
function groupedEpoch({ groups, imagesPerIdentity, seed, fills }: GroupedSequence, epoch: number): Uint32Array {
  const random = Random.derive(seed, `order of epoch ${String(epoch)}`);
  const shuffled = [...groups];
  random.shuffle(shuffled);
  const order = shuffled.flatMap((group) => {
    const images = [...group];
    random.shuffle(images);
    const length = fills ? imagesPerIdentity : Math.min(imagesPerIdentity, images.length);
    return Array.from({ length }, (_, index) => images[index % images.length] ?? 0);
  });
  return Uint32Array.from(order);
}

/** Positions of the images of each identity; one of a single image has nothing to be compared with, and is left out. */
function identityGroups(dataset: PackedDataset): Uint32Array[] {
  const { recordPath: file } = dataset;
  const ranges = dataset.identityRanges() ?? fail(failures.noIdentityRecords({}, { file }));
  const groups = ranges
    .map(({ first, last }) => Uint32Array.from({ length: last - first + 1 }, (_, index) => first - 1 + index))
    .filter((group) => group.length >= 2);
  if (groups.length < 2) fail(failures.tooFewIdentities({ identities: groups.length }, { file }));
  return groups;
}

/** Batches cut from a grouped sequence. */
class GroupedOrder implements BatchOrder {
  readonly #sequence: GroupedSequence;
  readonly #batch: number;
  readonly #batchesPerEpoch: number;
  #order: { readonly epoch: number; readonly positions: Uint32Array } | undefined;

  constructor(sequence: GroupedSequence, batch: number, file: string) {
    this.#sequence = sequence;
    this.#batch = batch;
    const images = sequence.groups.length * sequence.imagesPerIdentity;
    this.#batchesPerEpoch = Math.floor(images / batch);
    requireBatch({ images, batch }, file);
  }

  positionsOf(step: number): Uint32Array {
    const epoch = Math.floor(step / this.#batchesPerEpoch);
    if (this.#order?.epoch !== epoch) this.#order = { epoch, positions: groupedEpoch(this.#sequence, epoch) };
    const start = (step % this.#batchesPerEpoch) * this.#batch;
    return this.#order.positions.subarray(start, start + this.#batch);
  }

  choose(): Promise<void> {
    throw new Error('a grouped order has nothing to choose');
  }

  state(): undefined {
    return undefined;
  }
}

/**
 * Batches chosen from pools of a grouped sequence by the network as it is when the chosen ones are used up (data.py of the
 * 2018 system): pools are looked at until there are two batches at least.
 */
class MinedOrder implements BatchOrder {
  readonly #sequence: GroupedSequence;
  readonly #options: {
    readonly mining: NonNullable<Sampling['mining']>;
    readonly batch: number;
    readonly file: string;
  };
  readonly #poolsPerEpoch: number;
  readonly #poolSize: number;
  #from: number;
  #pools: number;
  #chosen: Uint32Array;

  constructor(
    sequence: GroupedSequence,
    options: { readonly mining: NonNullable<Sampling['mining']>; readonly batch: number; readonly file: string },
    state: OrderState | undefined,
  ) {
    this.#sequence = sequence;
    this.#options = options;
    const images = sequence.groups.reduce((sum, group) => sum + Math.min(group.length, sequence.imagesPerIdentity), 0);
    // A set smaller than a pool is one pool.
    this.#poolSize = Math.min(options.mining.poolSize, images);
    this.#poolsPerEpoch = Math.floor(images / this.#poolSize);
    this.#from = state?.from ?? 0;
    this.#pools = state?.pools ?? 0;
    this.#chosen = Uint32Array.from(state?.chosen ?? []);
  }

  positionsOf(step: number): Uint32Array | undefined {
    const start = (step - this.#from) * this.#options.batch;
    if (start < 0) throw new Error(`batch ${step} is before those that are chosen`);
    return start < this.#chosen.length ? this.#chosen.subarray(start, start + this.#options.batch) : undefined;
  }

  async choose(step: number, embed: EmbedPool): Promise<void> {
    const { mining, batch, file } = this.#options;
    const chosen: number[] = [];
    const firstPool = this.#pools;
    while (chosen.length < 2 * batch) {
      // All images once, twice: the network tells them all apart, or none.
      if (this.#pools - firstPool > 2 * this.#poolsPerEpoch) {
        fail(failures.nothingToMine({ images: (this.#pools - firstPool) * this.#poolSize, batch }, { file }));
      }
      const positions = this.#pool(this.#pools);
      const random = Random.derive(this.#sequence.seed, `mining of pool ${String(this.#pools)}`);
      this.#pools += 1;
      for (const place of mining.choose(await embed(positions), { batch, random })) chosen.push(positions[place] ?? 0);
    }
    this.#from = step;
    this.#chosen = Uint32Array.from(chosen);
  }

  #pool(index: number): Uint32Array {
    const order = groupedEpoch(this.#sequence, Math.floor(index / this.#poolsPerEpoch));
    const start = (index % this.#poolsPerEpoch) * this.#poolSize;
    return order.subarray(start, start + this.#poolSize);
  }

  state(): OrderState {
    return { from: this.#from, pools: this.#pools, chosen: [...this.#chosen] };
  }
}

/** Fails with `batch-not-divisible` unless a batch is made of whole groups. */
export function requireWholeGroups(batch: number, { batchMultiple }: Sampling): void {
  if (batch % batchMultiple !== 0) fail(failures.batchNotDivisible({ batch, multiple: batchMultiple }));
}

/** Fails with `too-few-images` if a set has fewer images than a batch. */
export function requireBatch(facts: { readonly images: number; readonly batch: number }, recordPath: string): void {
  if (facts.images < facts.batch) fail(failures.tooFewImages(facts, { file: recordPath }));
}
