import { fail } from '../../core/failure.ts';
import { Random } from '../../core/random.ts';
import { failures } from './failures.ts';
import type { PackedSets } from './packed-sets.ts';

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
  readonly dataset: PackedSets;
  readonly batch: number;
  readonly seed: number;
  readonly sampling?: Sampling | undefined;
  /** Of the checkpoint that the training resumes from. */
  readonly state?: OrderState | undefined;
}

/** Fails with `too-few-images`, `batch-not-divisible`, `no-identity-records`, `too-few-identities`. */
export function batchOrder({ dataset, batch, seed, sampling, state }: OrderOptions): BatchOrder {
  const place = { batch, file: dataset.recordPath };
  if (sampling === undefined) {
    return new EpochOrder(
      remembered((epoch) => shuffledEpoch(dataset, seed, epoch)),
      dataset.imageCount,
      place,
    );
  }
  const { imagesPerIdentity, mining } = sampling;
  requireWholeGroups(batch, sampling);
  const groups = identityGroups(dataset);
  const sequence = { groups, imagesPerIdentity, seed, fills: mining === undefined };
  const positions = remembered((epoch) => groupedEpoch(sequence, epoch));
  if (mining === undefined) {
    requireGroups({ identities: groups.length, batch, sampling }, dataset.recordPath);
    return new EpochOrder(positions, groups.length * imagesPerIdentity, place);
  }
  const images = groups.reduce((sum, group) => sum + Math.min(group.length, imagesPerIdentity), 0);
  return new MinedOrder(positions, { mining, images, seed, ...place }, state);
}

/** A sequence of positions for each epoch, by its number alone, so that any can be made without those before it. */
type EpochSequence = (epoch: number) => Uint32Array;

/** Remembers the last one that was made: steps ask for the same epoch many times. */
function remembered(make: EpochSequence): EpochSequence {
  let last: { readonly epoch: number; readonly positions: Uint32Array } | undefined;
  return (epoch) => {
    if (last?.epoch !== epoch) last = { epoch, positions: make(epoch) };
    return last.positions;
  };
}

/** Batches cut from a sequence of `images` positions; what does not fill a last batch of an epoch is left out. */
class EpochOrder implements BatchOrder {
  readonly #positions: EpochSequence;
  readonly #batch: number;
  readonly #batchesPerEpoch: number;

  constructor(
    positions: EpochSequence,
    images: number,
    { batch, file }: { readonly batch: number; readonly file: string },
  ) {
    requireBatch({ images, batch }, file);
    this.#positions = positions;
    this.#batch = batch;
    this.#batchesPerEpoch = Math.floor(images / batch);
  }

  positionsOf(step: number): Uint32Array {
    const start = (step % this.#batchesPerEpoch) * this.#batch;
    return this.#positions(Math.floor(step / this.#batchesPerEpoch)).subarray(start, start + this.#batch);
  }

  choose(): Promise<void> {
    throw new Error('an order that follows from seed and step has nothing to choose');
  }

  state(): undefined {
    return undefined;
  }
}

const epochRandom = (seed: number, epoch: number): Random => Random.derive(seed, `order of epoch ${String(epoch)}`);

/** All images, shuffled from their order in the set. */
function shuffledEpoch({ imageCount }: PackedSets, seed: number, epoch: number): Uint32Array {
  const order = Uint32Array.from({ length: imageCount }, (_, position) => position);
  epochRandom(seed, epoch).shuffle<number>(order);
  return order;
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
  const random = epochRandom(seed, epoch);
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
function identityGroups(dataset: PackedSets): Uint32Array[] {
  const { recordPath: file } = dataset;
  const groups = dataset
    .identityPositions()
    .map(({ first, last }) => Uint32Array.from({ length: last - first + 1 }, (_, index) => first + index))
    .filter((group) => group.length >= 2);
  if (groups.length < 2) fail(failures.tooFewIdentities({ identities: groups.length }, { file }));
  return groups;
}

interface MinedOptions {
  readonly mining: NonNullable<Sampling['mining']>;
  /** Positions in the sequence of an epoch. */
  readonly images: number;
  readonly seed: number;
  readonly batch: number;
  readonly file: string;
}

/**
 * Batches chosen from pools of a grouped sequence by the network as it is when the chosen ones are used up (data.py of the
 * 2018 system): pools are looked at until there are two batches at least.
 */
class MinedOrder implements BatchOrder {
  readonly #positions: EpochSequence;
  readonly #options: MinedOptions;
  readonly #poolsPerEpoch: number;
  readonly #poolSize: number;
  #from: number;
  #pools: number;
  #chosen: Uint32Array;

  constructor(positions: EpochSequence, options: MinedOptions, state: OrderState | undefined) {
    this.#positions = positions;
    this.#options = options;
    // A set smaller than a pool is one pool.
    this.#poolSize = Math.min(options.mining.poolSize, options.images);
    this.#poolsPerEpoch = Math.floor(options.images / this.#poolSize);
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
    const { mining, batch, seed, file } = this.#options;
    const chosen: number[] = [];
    const firstPool = this.#pools;
    while (chosen.length < 2 * batch) {
      // All images once, twice: the network tells them all apart, or none.
      if (this.#pools - firstPool > 2 * this.#poolsPerEpoch) {
        fail(failures.nothingToMine({ images: (this.#pools - firstPool) * this.#poolSize, batch }, { file }));
      }
      const positions = this.#pool(this.#pools);
      const random = Random.derive(seed, `mining of pool ${String(this.#pools)}`);
      this.#pools += 1;
      for (const place of mining.choose(await embed(positions), { batch, random })) chosen.push(positions[place] ?? 0);
    }
    this.#from = step;
    this.#chosen = Uint32Array.from(chosen);
  }

  #pool(index: number): Uint32Array {
    const order = this.#positions(Math.floor(index / this.#poolsPerEpoch));
    const start = (index % this.#poolsPerEpoch) * this.#poolSize;
    return order.subarray(start, start + this.#poolSize);
  }

  state(): OrderState {
    return { from: this.#from, pools: this.#pools, chosen: [...this.#chosen] };
  }
}

/** Fails with `batch-not-divisible` unless a batch is made of whole groups. */
export function requireWholeGroups(batch: number, { batchMultiple: multiple, mining }: Sampling): void {
  const least = mining === undefined ? 2 : 1;
  if (batch % multiple !== 0) fail(failures.batchNotDivisible({ batch, multiple, least }));
}

/** Fails with `batch-of-one-identity` where a batch that is not chosen has images of one identity only: there is nothing to tell apart. */
export function requireSeveralGroups(batch: number, { batchMultiple: multiple, mining }: Sampling): void {
  if (mining === undefined && batch === multiple) fail(failures.batchOfOneIdentity({ batch, multiple }));
}

/** Fails with `too-few-identities` if a batch that is not chosen would be of more identities than there are. */
export function requireGroups(
  facts: { readonly identities: number; readonly batch: number; readonly sampling: Sampling },
  recordPath: string,
): void {
  const { identities, batch, sampling } = facts;
  const wanted = batch / sampling.imagesPerIdentity;
  if (sampling.mining !== undefined || identities >= wanted) return;
  fail(failures.tooFewGroups({ batch, wanted, identities }, { file: recordPath }));
}

/** Fails with `too-few-images` if a set has fewer images than a batch. */
export function requireBatch(facts: { readonly images: number; readonly batch: number }, recordPath: string): void {
  if (facts.images < facts.batch) fail(failures.tooFewImages(facts, { file: recordPath }));
}

/** Fails with `too-few-identities` where a set shows one person only. */
export function requireIdentities(facts: { readonly identities: number }, recordPath: string): void {
  if (facts.identities < 2) fail(failures.oneIdentity(facts, { file: recordPath }));
}
