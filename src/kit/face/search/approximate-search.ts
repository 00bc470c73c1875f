import { compiledModule, packageFolder } from '../../../core/package-folder.ts';
import { WorkerPool } from '../../../core/worker-pool.ts';
import { exactScore } from '../similarity/exact-score.ts';
import type { ApproximateAnswer, ApproximateJob, ApproximateSetup } from './approximate-worker.ts';
import type { GraphPlace } from './saved-graph.ts';
import { usearchVersion } from './usearch.ts';
import { BestOfOwners, type FoundVector, type NearestRequest, type SearchedVector } from './vector-search.ts';

/** A vector whose id may come again with another content in another file: `mark` tells them apart, 32 bits. */
export interface MarkedVector extends SearchedVector {
  readonly mark: number;
}

/** How a group began. */
export interface OpenedGroup {
  /** Vectors that were read from what was saved. */
  readonly read: number;
  readonly added: number;
  /** Why what was saved is not used. */
  readonly problem?: string;
}

type GraphPool = WorkerPool<ApproximateSetup, ApproximateJob, ApproximateAnswer>;

/** Vectors that are added at a time when a group begins. */
const addAtATime = 4096;
/** A group that begins is saved when so many more have been added, and as many as half of what it has. */
const saveAfter = 50_000;
/** For each owner that is asked for so many vectors are looked at before more are, and so many at least. */
const [vectorsOfOwner, leastVectors] = [8, 64];
/** Beyond so many candidates no more owners are looked for. */
const mostCandidates = 65_536;
/** An id takes the upper half of a key. */
const ids = 2 ** 32;

/**
 * Search by a graph (HNSW, by usearch, in a thread), a graph for each group: it finds most of the nearest vectors after comparing a few thousand
 * of millions. What it finds is compared exactly, so that scores are those of the exact search, and only what is found may lack. Vectors come and go
 * while others are looked for, in the order in which they are asked for.
 */
export class ApproximateSearch {
  readonly #pool: GraphPool;
  readonly #columns: number;
  readonly #sizes = new Map<number, number>();

  private constructor(setup: ApproximateSetup) {
    this.#columns = setup.columns;
    this.#pool = new WorkerPool({
      module: compiledModule('src/kit/face/search/approximate-worker.ts'),
      threads: 1,
      setup,
    });
  }

  /** `contract` is that of the vectors. Rejects with `index-library-missing`. */
  static async open(options: Omit<ApproximateSetup, 'root'>): Promise<ApproximateSearch> {
    const search = new ApproximateSearch({ ...options, root: packageFolder() });
    try {
      await search.#pool.run({ kind: 'load' });
      return search;
    } catch (error) {
      await search.#pool.close();
      throw error;
    }
  }

  /** The library and its version. */
  static get library(): string {
    return `usearch ${usearchVersion(packageFolder())}`;
  }

  get size(): number {
    return [...this.#sizes.values()].reduce((sum, size) => sum + size, 0);
  }

  /**
   * Begins a group with what was saved at a place, without vectors that are not among `stored` (pairs of id and mark) and with those that it lacks, which `read` reads
   * by their ids. Saves it where it has changed.
   */
  async openGroup(
    group: number,
    { place, stored }: { readonly place: GraphPlace | undefined; readonly stored: Uint32Array },
    read: (ids: readonly number[]) => readonly MarkedVector[],
  ): Promise<OpenedGroup> {
    const keys = new BigUint64Array(stored.length / 2);
    const words = new Uint32Array(keys.buffer);
    for (let at = 0; at < stored.length; at += 2) [words[at + 1], words[at]] = [stored[at] ?? 0, stored[at + 1] ?? 0];
    keys.sort();
    const {
      keys: missing,
      read: found = 0,
      problem,
    } = await this.#pool.run({ kind: 'open', group, place, stored: keys });
    this.#sizes.set(group, found);
    const ofMissing = new Uint32Array(missing.buffer, missing.byteOffset, 2 * missing.length);
    let saved = 0;
    for (let start = 0; start < missing.length; start += addAtATime) {
      // A start that is broken off resumes from here.
      if (start - saved >= Math.max(saveAfter, (found + start) / 2)) {
        await this.#pool.run({ kind: 'save', group });
        saved = start;
      }
      const some = ofMissing.subarray(2 * start, 2 * (start + addAtATime)).filter((_, word) => word % 2 === 1);
      await this.add(read(Array.from(some)));
    }
    if (missing.length > 0 || found < keys.length) await this.#pool.run({ kind: 'save', group });
    return { read: found, added: missing.length, ...(problem === undefined ? {} : { problem }) };
  }

  /** Adds vectors to groups that have begun. Throws a RangeError for a vector of another length, and for ids of more than 32 bits. */
  async add(vectors: readonly MarkedVector[]): Promise<void> {
    const groups = new Map<number, MarkedVector[]>();
    for (const each of vectors) {
      if (each.vector.length !== this.#columns) throw new RangeError(`a vector of ${each.vector.length} numbers`);
      const some = groups.get(each.group) ?? [];
      groups.set(each.group, some);
      some.push(each);
    }
    await Promise.all(
      Array.from(groups, ([group, some]) => {
        const values = new Float32Array(some.length * this.#columns);
        for (const [place, { vector }] of some.entries()) values.set(vector, place * this.#columns);
        this.#sizes.set(group, (this.#sizes.get(group) ?? 0) + some.length);
        return this.#pool.run({ kind: 'add', group, keys: keysOf(some), values });
      }),
    );
  }

  async remove(group: number, vectors: readonly Pick<MarkedVector, 'id' | 'mark'>[]): Promise<void> {
    this.#sizes.set(group, (this.#sizes.get(group) ?? 0) - vectors.length);
    await this.#pool.run({ kind: 'remove', group, keys: keysOf(vectors) });
  }

  async removeGroup(group: number): Promise<void> {
    this.#sizes.delete(group);
    await this.#pool.run({ kind: 'drop', group });
  }

  /** As the exact search, among what the graph finds: owners and vectors may lack, and what is answered has its exact score. */
  async nearest({ query, group, count, read }: NearestRequest): Promise<readonly FoundVector[]> {
    if (count === 0) return [];
    for (let wanted = Math.max(leastVectors, vectorsOfOwner * count); ; wanted *= vectorsOfOwner) {
      const { keys } = await this.#pool.run({ kind: 'search', group, query, count: wanted });
      const best = new BestOfOwners();
      for (const { id, owner, vector } of read(Array.from(keys, (key) => Number(key >> 32n)))) {
        best.add({ id, owner, score: exactScore({ values: query, at: 0 }, { values: vector, at: 0 }, this.#columns) });
      }
      const found = best.first(count);
      if (found.length === count || keys.length < wanted || wanted >= mostCandidates) return found;
    }
  }

  /** Saves what has changed, and ends the thread. */
  async close(): Promise<void> {
    try {
      for (const group of this.#sizes.keys()) await this.#pool.run({ kind: 'save', group });
    } finally {
      await this.#pool.close();
    }
  }
}

function keysOf(vectors: readonly Pick<MarkedVector, 'id' | 'mark'>[]): BigUint64Array {
  return BigUint64Array.from(vectors, ({ id, mark }) => {
    if (id >= ids) throw new RangeError(`an approximate index has room for ids below ${ids}, and one is ${id}`);
    return (BigInt(id) << 32n) | BigInt(mark);
  });
}
