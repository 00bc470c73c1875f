import { availableParallelism } from 'node:os';
import { digestOf } from '../core/digest.ts';
import { ApproximateSearch } from '../kit/face/search/approximate-search.ts';
import type { GraphPlace } from '../kit/face/search/saved-graph.ts';
import { type FoundVector, type NearestRequest, VectorSearch } from '../kit/face/search/vector-search.ts';

/** What galleries are searched with: `approximate` finds most of what `exact` finds. */
export type IndexKind = 'exact' | 'approximate';
export const indexKinds: readonly IndexKind[] = ['exact', 'approximate'];

/** A face as it is searched: the SHA-256 of its image tells it apart from one that had its id in another file. */
export interface IndexedFace {
  readonly id: number;
  readonly sha256: string;
}

/** Its gallery by number. */
export type IndexedVector = IndexedFace & { readonly group: number; readonly vector: Float32Array };

/** What there is to search when the service starts. */
export interface StoredFaces {
  readonly galleries: readonly { readonly name: string; readonly group: number }[];
  /** All faces, some at a time. */
  all(): Iterable<readonly IndexedVector[]>;
  /** Id and the first 32 bits of the SHA-256 of each face of a gallery. */
  marks(group: number): Uint32Array;
  byIds(ids: readonly number[]): readonly IndexedVector[];
}

/** How an index began. */
export interface StartedIndex {
  /** Vectors that were read as they had been saved, and those that were added. */
  readonly read: number;
  readonly added: number;
  /** Galleries whose saved index is not used, and why. */
  readonly remade: readonly { readonly gallery: string; readonly problem: string }[];
}

/** Finds the persons of a gallery that are most like a face. The store of the faces is the truth, and holds the vectors themselves. */
export interface GalleryIndex {
  readonly kind: IndexKind;
  /** Name and version of the library, where another's is used. */
  readonly library: string | null;
  readonly vectors: number;
  start(stored: StoredFaces): Promise<StartedIndex>;
  addGallery(group: number, name: string): Promise<void>;
  removeGallery(group: number, removeStored: () => readonly IndexedFace[]): Promise<void>;
  add(face: IndexedVector): Promise<void>;
  /** `removeStored` removes faces of a gallery from the store. */
  remove(group: number, removeStored: () => readonly IndexedFace[]): Promise<void>;
  nearest(request: NearestRequest): Promise<readonly FoundVector[]>;
  close(): Promise<void>;
}

export interface IndexOptions {
  /** Numbers of a vector. */
  readonly columns: number;
  /** Of the vectors. */
  readonly contract: string;
  /** Where an approximate index is saved; undefined: nowhere. */
  readonly folder: string | undefined;
  /** Told while many vectors are added to an approximate index at the start, which takes a millisecond or two for each. */
  readonly onProgress?: ((text: string) => void) | undefined;
}

/** Rejects with `index-library-missing`. */
export function openIndex(kind: IndexKind, options: IndexOptions): Promise<GalleryIndex> {
  return kind === 'exact' ? Promise.resolve(new ExactIndex(options)) : ApproximateIndex.open(options);
}

/** More threads are as fast as the memory that they read. */
const mostThreads = 4;

class ExactIndex implements GalleryIndex {
  readonly kind = 'exact';
  readonly library = null;
  readonly #search: VectorSearch;

  constructor({ columns }: IndexOptions) {
    this.#search = new VectorSearch({ columns, threads: Math.min(mostThreads, availableParallelism()) });
  }

  get vectors(): number {
    return this.#search.size;
  }

  async start(stored: StoredFaces): Promise<StartedIndex> {
    // While the threads write some, the next are read.
    let written = Promise.resolve();
    for (const faces of stored.all()) {
      await written;
      written = this.#search.add(faces);
    }
    await written;
    return { read: 0, added: this.vectors, remade: [] };
  }

  addGallery(): Promise<void> {
    return Promise.resolve();
  }

  removeGallery(group: number, removeStored: () => readonly IndexedFace[]): Promise<void> {
    return this.remove(group, removeStored);
  }

  add(face: IndexedVector): Promise<void> {
    return this.#search.add([face]);
  }

  remove(_: number, removeStored: () => readonly IndexedFace[]): Promise<void> {
    return this.#search.remove(() => removeStored().map(({ id }) => id));
  }

  nearest(request: NearestRequest): Promise<readonly FoundVector[]> {
    return this.#search.nearest(request);
  }

  close(): Promise<void> {
    return this.#search.close();
  }
}

/** Vectors. */
const tellEvery = 50_000;

class ApproximateIndex implements GalleryIndex {
  readonly kind = 'approximate';
  readonly library = ApproximateSearch.library;
  readonly #search: ApproximateSearch;
  readonly #options: IndexOptions;

  private constructor(search: ApproximateSearch, options: IndexOptions) {
    this.#search = search;
    this.#options = options;
  }

  static async open(options: IndexOptions): Promise<ApproximateIndex> {
    const { columns, contract } = options;
    const search = await ApproximateSearch.open({ columns, contract, threads: availableParallelism() });
    return new ApproximateIndex(search, options);
  }

  get vectors(): number {
    return this.#search.size;
  }

  async start(stored: StoredFaces): Promise<StartedIndex> {
    const sum = { read: 0, added: 0 };
    const remade: { gallery: string; problem: string }[] = [];
    let added = 0;
    const read = (ids: readonly number[]) => {
      if (Math.floor((added + ids.length) / tellEvery) > Math.floor(added / tellEvery)) {
        this.#options.onProgress?.(`the approximate index is being made: ${added + ids.length} vectors added`);
      }
      added += ids.length;
      return stored.byIds(ids).map(marked);
    };
    for (const { group, name } of stored.galleries) {
      const place = this.#placeOf(name);
      const opened = await this.#search.openGroup(group, { place, stored: stored.marks(group) }, read);
      sum.read += opened.read;
      sum.added += opened.added;
      if (opened.problem !== undefined) remade.push({ gallery: name, problem: opened.problem });
    }
    return { ...sum, remade };
  }

  /** The name of the file holds for file systems that do not tell upper case from lower case. */
  #placeOf(name: string): GraphPlace | undefined {
    const { folder } = this.#options;
    return folder === undefined ? undefined : { folder, name: digestOf(name).slice(0, 32) };
  }

  async addGallery(group: number, name: string): Promise<void> {
    await this.#search.openGroup(group, { place: this.#placeOf(name), stored: new Uint32Array(0) }, () => []);
  }

  removeGallery(group: number, removeStored: () => readonly IndexedFace[]): Promise<void> {
    removeStored();
    return this.#search.removeGroup(group);
  }

  add(face: IndexedVector): Promise<void> {
    return this.#search.add([marked(face)]);
  }

  remove(group: number, removeStored: () => readonly IndexedFace[]): Promise<void> {
    return this.#search.remove(group, removeStored().map(marked));
  }

  nearest(request: NearestRequest): Promise<readonly FoundVector[]> {
    return this.#search.nearest(request);
  }

  close(): Promise<void> {
    return this.#search.close();
  }
}

/** The first 32 bits of a SHA-256. */
export function markOf(sha256: string): number {
  return Number.parseInt(sha256.slice(0, 8), 16);
}

function marked<Face extends IndexedFace>(face: Face): Face & { readonly mark: number } {
  return { ...face, mark: markOf(face.sha256) };
}
