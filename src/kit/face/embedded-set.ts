import { fail } from '../../core/failure.ts';
import { type IdentityImages, identityImages } from '../dataset/dataset-copy.ts';
import { PackedDataset } from '../dataset/packed-dataset.ts';
import type { Embedder } from '../net/sessions/inference-session.ts';
import { embedRows } from './features/embed-rows.ts';
import { failures } from './failures.ts';
import { IdentityCentres } from './identity-centres.ts';
import { exactScore } from './similarity/exact-score.ts';
import { packedImages } from './packed-images.ts';
import { RowFile } from './features/row-file.ts';

export interface EmbedSetOptions {
  readonly embedder: Embedder;
  readonly batch: number;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number) => void;
}

/**
 * A packed set, who is in it, and a row of length 1 for each of its images, not mirrored, as the tools of 2018 that clean sets
 * take them. Rows are in a file, which may hold those of an earlier attempt; in memory are two numbers per image.
 */
export class EmbeddedSet {
  readonly set: PackedDataset;
  /** In the order of their first images. */
  readonly identities: readonly IdentityImages[];
  readonly #identityOf: Int32Array;
  readonly #rows: RowFile;

  /** Opens both; reads every record once. Fails as {@link PackedDataset} does. */
  constructor(folder: string, rowsFile: string, columns: number) {
    this.set = new PackedDataset(folder);
    this.identities = identityImages(this.set);
    this.#identityOf = new Int32Array(this.set.imageCount);
    for (const [identity, { positions }] of this.identities.entries()) {
      for (const position of positions) this.#identityOf[position] = identity;
    }
    this.#rows = new RowFile(rowsFile, columns);
  }

  /** Images that have a row. */
  get done(): number {
    return this.#rows.count;
  }

  /** Fails as `embedImages` does. */
  embed(options: EmbedSetOptions): Promise<void> {
    return embedRows({ ...options, images: packedImages(this.set), file: this.#rows, orientations: 'original' });
  }

  /** The row of an image. */
  row(position: number): Float32Array {
    return this.#rows.at(position).values;
  }

  /** The encoded image of an identity that is nearest to a row. */
  imageNearest(identity: number, row: Float32Array): Uint8Array {
    const { columns } = this.#rows;
    let [nearest, greatest] = [0, -Infinity];
    for (const position of this.identities[identity]?.positions ?? []) {
      const cosine = exactScore({ values: this.row(position), at: 0 }, { values: row, at: 0 }, columns);
      if (cosine > greatest) [nearest, greatest] = [position, cosine];
    }
    return Uint8Array.from(this.set.readImage(nearest).payload);
  }

  /** Centres of the identities, with numbers from `first` on. Fails with `embedding-is-zero`. */
  addCentres(centres: IdentityCentres, first = 0): void {
    for (const { position, values } of this.#rows.rows()) {
      if (values.every((value) => value === 0)) {
        fail(failures.embeddingIsZero({ what: `image ${position} of the packed set` }, { file: this.set.recordPath }));
      }
      centres.add(first + (this.#identityOf[position] ?? 0), values);
    }
  }

  /** Cosine of each image to the centre of its identity, in float64. Fails with `embedding-is-zero`. */
  centreCosines(): Float64Array {
    const { columns } = this.#rows;
    const centres = new IdentityCentres(columns);
    this.addCentres(centres);
    const zero = centres.normalize();
    if (zero !== undefined) failOfCentre(this, zero);
    const cosines = new Float64Array(this.set.imageCount);
    for (const { position, values } of this.#rows.rows()) {
      const centre = centres.centre(this.#identityOf[position] ?? 0);
      cosines[position] = exactScore({ values, at: 0 }, { values: centre, at: 0 }, columns);
    }
    return cosines;
  }

  close(): void {
    this.#rows.close();
    this.set.close();
  }
}

/** The embeddings of an identity cancel each other out. Fails with `embedding-is-zero`. */
export function failOfCentre({ set, identities }: EmbeddedSet, identity: number): never {
  const what = `the centre of identity ${identities[identity]?.label ?? NaN}`;
  return fail(failures.embeddingIsZero({ what }, { file: set.recordPath }));
}
