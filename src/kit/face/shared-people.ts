import { type Digest, digestOf } from '../../core/digest.ts';
import type { NamedSet } from '../codec/insightface/verification-set.ts';
import { classOf } from '../codec/mxnet/image-record.ts';
import { PackedDataset } from '../dataset/packed-dataset.ts';
import type { Embedder } from '../net/sessions/inference-session.ts';
import { embedImages, type ImageSequence } from './embed-images.ts';
import { IdentityCentres } from './identity-centres.ts';
import { nearestRows } from './nearest-rows.ts';
import { unitSum } from './pair-distances.ts';
import type { Products } from './similarity/products.ts';
import { vectorsInMemory } from './similarity/vector-source.ts';

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

/** What tells people apart. */
export interface PeopleJudge {
  readonly embedder: Embedder;
  /** Of its embeddings. */
  readonly products: Products;
}

export interface SharedPeopleOptions {
  readonly datasets: readonly string[];
  readonly sets: readonly NamedSet[];
  /** Undefined: only equal images are found. */
  readonly judge: PeopleJudge | undefined;
  /** From this cosine on two are taken for one person; the 2018 tool has 0.4. */
  readonly threshold: number;
  /** Images at a time. */
  readonly batch: number;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, total: number) => void;
}

/**
 * Compares the people of verification sets with those of training sets as the tool that removes them does (insightface,
 * src/data/dataset_merge.py, `--exclude`): the centre of an identity, from all its images, not mirrored, is compared with
 * each image of the set. Reads every image of the training sets once.
 */
export async function sharedPeople(options: SharedPeopleOptions): Promise<readonly SharedPeople[]> {
  const training = new TrainingPeople(options);
  await training.read();
  const results: SharedPeople[] = [];
  for (const [index, each] of options.sets.entries()) {
    const equal = { set: each.name, ...training.equalTo(index) };
    const { judge } = options;
    results.push(judge === undefined ? equal : { ...equal, byCentres: await training.compare(each, judge) });
  }
  return results;
}

interface EqualImages {
  readonly images: Set<Digest>;
  readonly identities: Set<number>;
}

class TrainingPeople {
  readonly #options: SharedPeopleOptions;
  readonly #digests: readonly ReadonlySet<Digest>[];
  readonly #equal: readonly EqualImages[];
  readonly #identities: TrainedIdentity[] = [];
  /** Their places in the list, by set and label. */
  readonly #places = new Map<string, number>();
  readonly #centres: IdentityCentres;

  constructor(options: SharedPeopleOptions) {
    this.#options = options;
    this.#digests = options.sets.map(({ set }) => new Set(set.images.map((bytes) => digestOf(bytes))));
    this.#equal = options.sets.map(() => ({ images: new Set(), identities: new Set() }));
    this.#centres = new IdentityCentres(options.judge?.embedder.embeddingSize ?? 0);
  }

  equalTo(set: number): Pick<SharedPeople, 'equalImages' | 'equalIdentities'> {
    const { images, identities } = this.#equal[set] ?? { images: new Set(), identities: new Set<number>() };
    const equalIdentities = [...identities].flatMap((place) => this.#identities[place] ?? []);
    return { equalImages: images.size, equalIdentities };
  }

  async read(): Promise<void> {
    const open = this.#options.datasets.map((folder) => new PackedDataset(folder));
    const total = open.reduce((sum, { imageCount }) => sum + imageCount, 0);
    let before = 0;
    try {
      for (const [dataset, packed] of open.entries()) {
        await this.#readSet(packed, dataset, (done) => {
          this.#options.onProgress(before + done, total);
        });
        before += packed.imageCount;
      }
    } finally {
      for (const packed of open) packed.close();
    }
    this.#centres.normalize();
  }

  async #readSet(packed: PackedDataset, dataset: number, onProgress: (done: number) => void): Promise<void> {
    const { judge, batch, signal } = this.#options;
    /** Of the images, their identities. */
    const places = new Int32Array(packed.imageCount);
    const images: ImageSequence = {
      length: packed.imageCount,
      at: (index) => ({
        read: () => {
          const { payload, ...record } = packed.readImage(index);
          const bytes = Uint8Array.from(payload);
          places[index] = this.#placeOf({ dataset, label: classOf({ payload, ...record }) });
          this.#compareBytes(bytes, places[index] ?? 0);
          return bytes;
        },
        file: packed.recordPath,
        what: 'an image of the training set',
      }),
    };
    if (judge === undefined) {
      for (let index = 0; index < images.length; index += 1) {
        if (index % batch === 0) signal.throwIfAborted();
        images.at(index)?.read();
        if ((index + 1) % batch === 0 || index + 1 === images.length) onProgress(index + 1);
      }
      return;
    }
    const rows = embedImages({ embedder: judge.embedder, images, batch, signal, orientations: 'original' });
    for await (const { start, count, original } of rows) {
      for (let place = 0; place < count; place += 1)
        this.#centres.add(places[start + place] ?? 0, unitRow(original, place, this.#centres.columns));
      onProgress(start + count);
    }
  }

  #placeOf(identity: TrainedIdentity): number {
    const key = `${identity.dataset}/${identity.label}`;
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    this.#places.set(key, this.#identities.length);
    return this.#identities.push(identity) - 1;
  }

  #compareBytes(bytes: Uint8Array, place: number): void {
    const digest = digestOf(bytes);
    for (const [index, each] of this.#digests.entries()) {
      if (!each.has(digest)) continue;
      this.#equal[index]?.images.add(digest);
      this.#equal[index]?.identities.add(place);
    }
  }

  async compare({ name, file, set }: NamedSet, judge: PeopleJudge): Promise<NonNullable<SharedPeople['byCentres']>> {
    const { batch, signal, threshold } = this.#options;
    const { embedder, products } = judge;
    const { columns } = this.#centres;
    const rows = new Float32Array(set.images.length * columns);
    const images = set.images.map((bytes, at) => {
      return { read: () => bytes, file, what: `image ${at} of verification set ${name}` };
    });
    for await (const { start, count, original } of embedImages({
      embedder,
      images,
      batch,
      signal,
      orientations: 'original',
    })) {
      for (let place = 0; place < count; place += 1)
        rows.set(unitRow(original, place, columns), (start + place) * columns);
    }
    const others = vectorsInMemory(rows, columns);
    const { cosines } = await nearestRows({ products, rows: this.#centres.vectors(), others, signal });
    const identities = this.#identities.flatMap((identity, place) => {
      const cosine = cosines[place] ?? -1;
      return cosine >= threshold ? [{ ...identity, cosine }] : [];
    });
    const closest = cosines.reduce((greatest, cosine) => Math.max(greatest, cosine), -1);
    return { closest, identities: identities.sort((one, other) => rank(other) - rank(one)) };
  }
}

/** Cosines that differ by less than engines and folded networks do keep the order of the identities. */
function rank({ cosine }: { readonly cosine: number }): number {
  return Math.round(1e4 * cosine);
}

function unitRow(rows: Float32Array, row: number, columns: number): Float64Array {
  const unit = new Float64Array(columns);
  unitSum([rows.subarray(row * columns, (row + 1) * columns)], unit);
  return unit;
}
