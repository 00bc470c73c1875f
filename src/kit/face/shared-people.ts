import type { Tensor2D } from '@tensorflow/tfjs-core';
import { type Digest, digestOf } from '../../core/digest.ts';
import { fail } from '../../core/failure.ts';
import type { NamedSet } from '../codec/insightface/verification-set.ts';
import { PackedDataset } from '../dataset/packed-dataset.ts';
import { decodeImage } from '../image/image.ts';
import type { TensorLibrary } from '../net/backends/backend.ts';
import type { Embedder } from '../net/sessions/inference-session.ts';
import { failures } from './failures.ts';
import { unitSum } from './pair-distances.ts';

/** An identity of a training set. */
export interface TrainedIdentity {
  /** Position of its set among those that are trained on, and its label there. */
  readonly dataset: number;
  readonly label: number;
}

/** What a verification set has in common with the sets that are trained on. */
export interface SharedPeople {
  readonly set: string;
  /** Different images of the set that are in a training set, byte for byte, and the identities they are of. */
  readonly equalImages: number;
  readonly equalIdentities: readonly TrainedIdentity[];
  /** By the centres of identities; absent where no network was there to tell. */
  readonly byCentres?: {
    /** The greatest cosine between the centre of an identity and an image of the set. */
    readonly closest: number;
    /** Those at or above the threshold, the closest first. */
    readonly identities: readonly (TrainedIdentity & { readonly cosine: number })[];
  };
}

export interface SharedPeopleOptions {
  readonly datasets: readonly string[];
  readonly sets: readonly NamedSet[];
  /** What makes embeddings of images; undefined: only equal images are found. */
  readonly embedder: Embedder | undefined;
  readonly tf: TensorLibrary;
  /** From this cosine on two are taken for one person; the 2018 tool has 0.4. */
  readonly threshold: number;
  /** Images at a time. */
  readonly batch: number;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, total: number) => void;
}

/**
 * Compares the people of verification sets with those of training sets as the tool that removes them does (insightface,
 * src/data/dataset_merge.py, `--exclude`): the centre of an identity is the mean of the normalized embeddings of all its
 * images, not mirrored, normalized; it is compared with each image of the set. Reads every image of the training sets once.
 */
export async function sharedPeople(options: SharedPeopleOptions): Promise<readonly SharedPeople[]> {
  const digests = options.sets.map(({ set }) => new Set(set.images.map((bytes) => digestOf(bytes))));
  const found = digests.map(() => ({ images: new Set<Digest>(), identities: new Map<string, TrainedIdentity>() }));
  const centres = new Centres(options.embedder?.embeddingSize ?? 0);
  for await (const { bytes, identity, embedding } of trainedImages(options)) {
    const digest = digestOf(bytes);
    for (const [index, each] of digests.entries()) {
      if (!each.has(digest)) continue;
      found[index]?.images.add(digest);
      found[index]?.identities.set(keyOf(identity), identity);
    }
    if (embedding !== undefined) centres.add(identity, embedding);
  }
  const results: SharedPeople[] = [];
  for (const [index, { name, file, set }] of options.sets.entries()) {
    const { images, identities } = found[index] ?? {
      images: new Set(),
      identities: new Map<string, TrainedIdentity>(),
    };
    const equal = { set: name, equalImages: images.size, equalIdentities: [...identities.values()] };
    const { embedder } = options;
    if (embedder === undefined) results.push(equal);
    else {
      const origins = set.images.map((bytes, at) => ({ bytes, file, what: `image ${at} of verification set ${name}` }));
      const rows = await embedAll(origins, { ...options, embedder });
      results.push({ ...equal, byCentres: await centres.compare(rows, options) });
    }
  }
  return results;
}

interface TrainedImage {
  readonly bytes: Uint8Array;
  readonly identity: TrainedIdentity;
  /** Undefined without an embedder. */
  readonly embedding: Float32Array | undefined;
}

async function* trainedImages(options: SharedPeopleOptions): AsyncGenerator<TrainedImage> {
  const open = options.datasets.map((folder) => new PackedDataset(folder));
  const total = open.reduce((sum, { imageCount }) => sum + imageCount, 0);
  let done = 0;
  try {
    for (const [dataset, packed] of open.entries()) {
      for (let start = 0; start < packed.imageCount; start += options.batch) {
        options.signal.throwIfAborted();
        const count = Math.min(options.batch, packed.imageCount - start);
        const images = Array.from({ length: count }, (_, at) => {
          const { payload, label, offset } = packed.readImage(start + at);
          const first = typeof label === 'number' ? label : (label[0] ?? NaN);
          return {
            bytes: new Uint8Array(payload),
            identity: { dataset, label: first },
            file: packed.recordPath,
            offset,
          };
        });
        const { embedder } = options;
        const rows = embedder === undefined ? undefined : await embedAll(images, { ...options, embedder });
        for (const [at, { bytes, identity }] of images.entries()) {
          const size = embedder?.embeddingSize ?? 0;
          yield { bytes, identity, embedding: rows?.subarray(at * size, (at + 1) * size) };
        }
        options.onProgress((done += count), total);
      }
    }
  } finally {
    for (const packed of open) packed.close();
  }
}

interface EncodedImage {
  readonly bytes: Uint8Array;
  readonly file: string;
  readonly offset?: number;
  readonly what?: string;
}

/** Embeddings of images, a row each. */
async function embedAll(
  images: readonly EncodedImage[],
  { embedder, batch, signal }: SharedPeopleOptions & { readonly embedder: Embedder },
): Promise<Float32Array> {
  const { width, height, embeddingSize } = embedder;
  const rows = new Float32Array(images.length * embeddingSize);
  for (let start = 0; start < images.length; start += batch) {
    signal.throwIfAborted();
    const chosen = images.slice(start, start + batch);
    const pixels = new Uint8Array(chosen.length * width * height * 3);
    const decoded = await Promise.all(chosen.map((image) => decodeFor(embedder, image)));
    for (const [at, data] of decoded.entries()) pixels.set(data, at * width * height * 3);
    rows.set(await embedder.embed(pixels, chosen.length), start * embeddingSize);
  }
  return rows;
}

async function decodeFor({ width, height }: Embedder, { bytes, ...origin }: EncodedImage): Promise<Uint8Array> {
  const image = await decodeImage(bytes, origin);
  if (image.width === width && image.height === height) return image.data;
  const { what = 'an image of the training set', file } = origin;
  const found = `${image.width} x ${image.height}`;
  return fail(failures.imageSizeMismatch({ expected: `${width} x ${height}`, what, found }, { file }));
}

function keyOf({ dataset, label }: TrainedIdentity): string {
  return `${dataset}/${label}`;
}

/** So many centres, and so many images, are compared at a time: 16 MB of cosines. */
const blockRows = 2048;

/** Sums of normalized embeddings by identity. */
class Centres {
  readonly #size: number;
  readonly #sums = new Map<string, { readonly identity: TrainedIdentity; readonly sum: Float32Array }>();

  constructor(embeddingSize: number) {
    this.#size = embeddingSize;
  }

  add(identity: TrainedIdentity, embedding: Float32Array): void {
    const unit = new Float64Array(this.#size);
    unitSum([embedding], unit);
    const known = this.#sums.get(keyOf(identity));
    if (known === undefined) this.#sums.set(keyOf(identity), { identity, sum: Float32Array.from(unit) });
    else for (const [at, value] of unit.entries()) known.sum[at] = (known.sum[at] ?? 0) + value;
  }

  /** With images as rows of embeddings. */
  async compare(
    images: Float32Array,
    { tf, threshold, signal }: SharedPeopleOptions,
  ): Promise<NonNullable<SharedPeople['byCentres']>> {
    const tests = unitBlocks(images, this.#size);
    const all = [...this.#sums.values()];
    const identities: (TrainedIdentity & { cosine: number })[] = [];
    let closest = -1;
    for (let start = 0; start < all.length; start += blockRows) {
      signal.throwIfAborted();
      const chosen = all.slice(start, start + blockRows);
      const flat = Float32Array.from(chosen.flatMap(({ sum }) => [...sum]));
      const [centres = new Float32Array()] = unitBlocks(flat, this.#size);
      const nearest = await nearestCosines(tf, centres, { tests, size: this.#size });
      for (const [at, cosine] of nearest.entries()) {
        closest = Math.max(closest, cosine);
        const identity = chosen[at]?.identity;
        if (identity !== undefined && cosine >= threshold) identities.push({ ...identity, cosine });
      }
    }
    return { closest, identities: identities.sort((one, other) => other.cosine - one.cosine) };
  }
}

/** Rows brought to length 1, in blocks of {@link blockRows}. */
function unitBlocks(rows: Float32Array, size: number): Float32Array[] {
  const unit = new Float64Array(size);
  const units = new Float32Array(rows.length);
  for (let start = 0; start < rows.length; start += size) {
    unitSum([rows.subarray(start, start + size)], unit);
    units.set(unit, start);
  }
  const values = blockRows * size;
  return Array.from({ length: Math.ceil(units.length / values) }, (_, block) =>
    units.subarray(block * values, (block + 1) * values),
  );
}

/** For each centre the greatest cosine with an image of any block. */
async function nearestCosines(
  tf: TensorLibrary,
  centres: Float32Array,
  { tests, size }: { readonly tests: readonly Float32Array[]; readonly size: number },
): Promise<Float32Array> {
  const nearest = new Float32Array(centres.length / size).fill(-1);
  for (const block of tests) {
    const greatest = tf.tidy(() => {
      const one: Tensor2D = tf.tensor2d(centres, [centres.length / size, size]);
      const other: Tensor2D = tf.tensor2d(block, [block.length / size, size]);
      return tf.max(tf.matMul(one, other, false, true), 1);
    });
    const values = await greatest.data<'float32'>();
    for (const [at, value] of values.entries()) nearest[at] = Math.max(nearest[at] ?? -1, value);
    greatest.dispose();
  }
  return nearest;
}
