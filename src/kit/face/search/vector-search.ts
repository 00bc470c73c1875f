import { compiledModule } from '../../../core/package-folder.ts';
import { WorkerPool } from '../../../core/worker-pool.ts';
import { exactScore } from '../similarity/exact-score.ts';
import { type BoundedRow, listRoom, noGroup } from './code-table.ts';
import type { SearchJob, SearchSetup } from './search-worker.ts';

/** A vector to be found: its id is the caller's, its group says with which others it is searched; from 1 on. */
export interface SearchedVector {
  readonly id: number;
  readonly group: number;
  readonly vector: Float32Array;
}

/** Where the vectors themselves are. Asked for few of them: those that may be among the best. */
export interface VectorOwner {
  readonly id: number;
  /** Of all vectors of an owner only the best counts. */
  readonly owner: string;
  readonly vector: Float32Array;
}

export interface NearestRequest {
  readonly query: Float32Array;
  readonly group: number;
  /** Owners to answer. All vectors of a group with fewer are compared. */
  readonly count: number;
  /** Reads vectors, in any order; those that are not there any more are left out. */
  readonly read: (ids: readonly number[]) => readonly VectorOwner[];
}

export interface FoundVector {
  readonly id: number;
  readonly owner: string;
  /** Dot product in float64, summed from the first column to the last. */
  readonly score: number;
}

type SearchPool = WorkerPool<SearchSetup, SearchJob, readonly BoundedRow[]>;

/** Vectors that are read at a time for an exact comparison. */
const readAtATime = 1024;
/** For each owner that is asked for so many rows are looked at before more are. */
const rowsOfOwner = 8;

/**
 * Exact search among millions of vectors that change meanwhile: a byte for each number is in memory, divided among threads, and those that may
 * be among the best are read and compared exactly, so that the answer is that of comparing all of them (see quantized.ts). A search
 * and a change that meet are done one after the other.
 */
export class VectorSearch {
  readonly #threads: readonly SearchThread[];
  readonly #columns: number;
  /** Where a vector is: thread + threads * row. */
  readonly #places = new Map<number, number>();
  #turn: Promise<unknown> = Promise.resolve();
  #next = 0;

  constructor({ columns, threads }: { readonly columns: number; readonly threads: number }) {
    this.#columns = columns;
    this.#threads = Array.from({ length: threads }, () => new SearchThread(columns));
  }

  get size(): number {
    return this.#places.size;
  }

  /** Adds vectors, whose ids must be new. Throws a RangeError for a vector of another length. */
  add(vectors: readonly SearchedVector[]): Promise<void> {
    return this.#inTurn(async () => {
      const shares = this.#threads.map((): SearchedVector[] => []);
      for (const each of vectors) {
        if (each.vector.length !== this.#columns) throw new RangeError(`a vector of ${each.vector.length} numbers`);
        shares[this.#next]?.push(each);
        this.#next = (this.#next + 1) % this.#threads.length;
      }
      await Promise.all(this.#threads.map((thread, index) => this.#write(thread, index, shares[index] ?? [])));
    });
  }

  async #write(thread: SearchThread, index: number, share: readonly SearchedVector[]): Promise<void> {
    if (share.length === 0) return;
    const rows = Int32Array.from(share, ({ id }) => thread.take(id));
    const values = new Float32Array(share.length * this.#columns);
    for (const [place, { id, vector }] of share.entries()) {
      values.set(vector, place * this.#columns);
      this.#places.set(id, index + this.#threads.length * (rows[place] ?? 0));
    }
    const groups = Int32Array.from(share, ({ group }) => group);
    if (groups.some((group) => group <= noGroup)) throw new RangeError('groups are numbered from 1 on');
    await thread.pool.run({ kind: 'write', rows, groups, values });
  }

  /** `removeStored` removes vectors where they are read, and returns their ids: no search is under way meanwhile. */
  remove(removeStored: () => readonly number[]): Promise<void> {
    return this.#inTurn(async () => {
      const shares = this.#threads.map((): number[] => []);
      for (const id of removeStored()) {
        const place = this.#places.get(id);
        if (place === undefined) continue;
        this.#places.delete(id);
        shares[place % this.#threads.length]?.push(Math.floor(place / this.#threads.length));
      }
      await Promise.all(this.#threads.map((thread, index) => thread.free(shares[index] ?? [])));
    });
  }

  /** The owners whose best vector has the highest scores, the highest first; of equal ones that of the lower id. */
  nearest(request: NearestRequest): Promise<readonly FoundVector[]> {
    return this.#inTurn(async () => {
      const least = await this.#leastOfBest(request);
      const parts = await this.#askAll({ kind: 'reaching', least });
      const best = new BestOfOwners();
      const ids = parts.flatMap((rows, thread) => this.#idsOf(rows, thread));
      for (let start = 0; start < ids.length; start += readAtATime) {
        for (const { id, owner, vector } of request.read(ids.slice(start, start + readAtATime))) {
          const score = exactScore({ values: request.query, at: 0 }, { values: vector, at: 0 }, this.#columns);
          best.add({ id, owner, score });
        }
      }
      return best.first(request.count);
    });
  }

  /**
   * A score that as many owners reach as are asked for: the best owners reach it too. -Infinity where too few owners are
   * among the rows that are looked at.
   */
  async #leastOfBest({ query, group, count, read }: NearestRequest): Promise<number> {
    if (count === 0) return Infinity;
    for (let looked = rowsOfOwner * count; ; looked *= rowsOfOwner) {
      const wanted = Math.min(looked, listRoom);
      const parts = await this.#askAll(
        looked === rowsOfOwner * count
          ? { kind: 'score', query, group, count: wanted }
          : { kind: 'highest', count: wanted },
      );
      const rows = parts
        .flatMap((part, thread) => part.map(({ row, score }) => ({ id: this.#threads[thread]?.idOf(row) ?? 0, score })))
        .sort((a, b) => b.score - a.score)
        // Beyond that a thread may have higher ones that it has not told of.
        .slice(0, wanted);
      const owners = new Map(read(rows.map(({ id }) => id)).map(({ id, owner }) => [id, owner]));
      const known = new Set<string>();
      for (const { id, score } of rows) {
        const owner = owners.get(id);
        if (owner !== undefined) known.add(owner);
        if (known.size === count) return score;
      }
      if (rows.length < wanted || wanted === listRoom) return -Infinity;
    }
  }

  #idsOf(rows: readonly BoundedRow[], thread: number): number[] {
    return rows.map(({ row }) => this.#threads[thread]?.idOf(row) ?? 0);
  }

  #askAll(job: SearchJob): Promise<readonly (readonly BoundedRow[])[]> {
    return Promise.all(this.#threads.map(({ pool }) => pool.run(job)));
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async close(): Promise<void> {
    await this.#turn;
    await Promise.all(this.#threads.map(({ pool }) => pool.close()));
  }
}

/** Of each owner the vector with the highest score; of equal ones that of the lower id. */
export class BestOfOwners {
  readonly #best = new Map<string, FoundVector>();

  add(found: FoundVector): void {
    const before = this.#best.get(found.owner);
    if (before === undefined || isBetter(found, before)) this.#best.set(found.owner, found);
  }

  /** The highest ones, the highest first. */
  first(count: number): readonly FoundVector[] {
    return [...this.#best.values()].sort((a, b) => (isBetter(a, b) ? -1 : 1)).slice(0, count);
  }
}

function isBetter(one: FoundVector, other: FoundVector): boolean {
  return one.score > other.score || (one.score === other.score && one.id < other.id);
}

/** A thread, and whose the rows of its table are. */
class SearchThread {
  readonly pool: SearchPool;
  readonly #ids: number[] = [];
  readonly #free: number[] = [];

  constructor(columns: number) {
    const module = compiledModule('src/kit/face/search/search-worker.ts');
    this.pool = new WorkerPool({ module, threads: 1, setup: { columns } });
  }

  /** A row for a vector. */
  take(id: number): number {
    const row = this.#free.pop() ?? this.#ids.length;
    this.#ids[row] = id;
    return row;
  }

  idOf(row: number): number | undefined {
    return this.#ids[row];
  }

  async free(rows: readonly number[]): Promise<void> {
    if (rows.length === 0) return;
    for (const row of rows) this.#free.push(row);
    await this.pool.run({ kind: 'free', rows: Int32Array.from(rows) });
  }
}
