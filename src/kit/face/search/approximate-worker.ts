import type { Index } from 'usearch';
import { serveJobs } from '../../../core/worker-pool.ts';
import { type GraphIdentity, type GraphPlace, readGraph, removeGraph, saveGraph } from './saved-graph.ts';
import { loadUsearch, usearchVersion } from './usearch.ts';

/** What the thread of an approximate search is started with. */
export interface ApproximateSetup {
  /** Folder of this package. */
  readonly root: string;
  /** Numbers of a vector. */
  readonly columns: number;
  /** That add many vectors at a time. */
  readonly threads: number;
  /** What the vectors are of: graphs of others are not read. */
  readonly contract: string;
}

/** Keys are the caller's; a key always has the same vector. */
export type ApproximateJob =
  | { readonly kind: 'load' }
  /** A group begins: with what was saved of it, and without what is not `stored` (ascending). Answers the keys that are to be added. */
  | {
      readonly kind: 'open';
      readonly group: number;
      readonly place: GraphPlace | undefined;
      readonly stored: BigUint64Array;
    }
  /** `values`: a vector for each key, behind each other. */
  | { readonly kind: 'add'; readonly group: number; readonly keys: BigUint64Array; readonly values: Float32Array }
  | { readonly kind: 'remove'; readonly group: number; readonly keys: BigUint64Array }
  /** A group ends, and what was saved of it. */
  | { readonly kind: 'drop'; readonly group: number }
  /** Answers keys of vectors that are probably the nearest, the nearest first. */
  | { readonly kind: 'search'; readonly group: number; readonly query: Float32Array; readonly count: number }
  /** Saves a group that has changed. */
  | { readonly kind: 'save'; readonly group: number };

export interface ApproximateAnswer {
  readonly keys: BigUint64Array;
  /** Of a group that was opened: vectors that were read, and why what was saved is not used. */
  readonly read?: number;
  readonly problem?: string;
}

/**
 * Links of a vector (on the lowest level twice as many), and how many candidates are looked at to add and to search: HNSW's M, efConstruction and ef (Malkov and
 * Yashunin, arXiv:1603.09320).
 */
export const graphParameters = { connectivity: 16, expansionAdd: 64, expansionSearch: 256 } as const;

const none = { keys: new BigUint64Array(0) };
/** The most of a code: all of a byte. */
const mostOfCode = 127;

class Graphs {
  readonly #setup: ApproximateSetup;
  readonly #groups = new Map<number, Graph>();

  constructor(setup: ApproximateSetup) {
    this.#setup = setup;
  }

  do(job: ApproximateJob): ApproximateAnswer {
    switch (job.kind) {
      case 'load':
        loadUsearch(this.#setup.root);
        return none;
      case 'open': {
        const { graph, answer } = Graph.open(this.#setup, job);
        this.#groups.set(job.group, graph);
        return answer;
      }
      case 'add':
        this.#groupOf(job).add(job.keys, job.values);
        return none;
      case 'remove':
        this.#groupOf(job).remove(job.keys);
        return none;
      case 'drop':
        this.#groupOf(job).drop();
        this.#groups.delete(job.group);
        return none;
      case 'search':
        // A group may end while one looks for more in it.
        return { keys: this.#groups.get(job.group)?.search(job.query, job.count) ?? none.keys };
      case 'save':
        this.#groupOf(job).save();
        return none;
    }
  }

  #groupOf({ group }: { readonly group: number }): Graph {
    const found = this.#groups.get(group);
    if (found === undefined) throw new Error(`there is no group ${group}`);
    return found;
  }
}

/** The graph of a group, and which keys are in it. */
class Graph {
  readonly #setup: ApproximateSetup;
  readonly #place: GraphPlace | undefined;
  readonly #index: Index;
  readonly #keys: KeySet;
  #isSaved: boolean;

  private constructor(
    setup: ApproximateSetup,
    { place, index, keys }: { place: GraphPlace | undefined; index: Index; keys: BigUint64Array | undefined },
  ) {
    this.#setup = setup;
    this.#place = place;
    this.#index = index;
    this.#keys = new KeySet(keys);
    this.#isSaved = keys !== undefined;
  }

  static open(
    setup: ApproximateSetup,
    { place, stored }: { readonly place: GraphPlace | undefined; readonly stored: BigUint64Array },
  ): { readonly graph: Graph; readonly answer: ApproximateAnswer } {
    const remade = (problem?: string): ReturnType<typeof Graph.open> => {
      const graph = new Graph(setup, { place, index: emptyIndex(setup), keys: undefined });
      return { graph, answer: { keys: stored, read: 0, ...(problem === undefined ? {} : { problem }) } };
    };
    if (place === undefined) return remade();
    const saved = readGraph(place, identityOf(setup));
    if (saved.outcome !== 'found') return remade(saved.outcome === 'unusable' ? saved.problem : undefined);
    const index = emptyIndex(setup);
    index.load(saved.file);
    if (index.size() !== saved.keys.length) return remade('it holds another number of vectors than it says');
    const graph = new Graph(setup, { place, index, keys: saved.keys });
    const gone = without(saved.keys, stored);
    if (gone.length > 0) graph.remove(gone);
    return { graph, answer: { keys: without(stored, saved.keys), read: saved.keys.length - gone.length } };
  }

  add(keys: BigUint64Array, values: Float32Array): void {
    this.#isSaved = false;
    const { columns, threads } = this.#setup;
    const codes = new Int8Array(values.length);
    for (let row = 0; row < keys.length; row += 1) {
      writeCodes(values.subarray(row * columns, (row + 1) * columns), codes.subarray(row * columns));
    }
    this.#index.add(keys, codes, Math.min(threads, keys.length));
    this.#keys.add(keys);
  }

  remove(keys: BigUint64Array): void {
    this.#isSaved = false;
    this.#index.remove(keys);
    this.#keys.remove(keys);
  }

  search(query: Float32Array, count: number): BigUint64Array {
    const size = this.#index.size();
    if (size === 0) return none.keys;
    const codes = new Int8Array(query.length);
    writeCodes(query, codes);
    return this.#index.search(codes, Math.min(count, size), 1).keys;
  }

  save(): void {
    if (this.#place === undefined || this.#isSaved) return;
    const index = this.#index;
    if (index.size() === 0) removeGraph(this.#place);
    else {
      saveGraph(this.#place, identityOf(this.#setup), {
        keys: this.#keys.sorted(),
        write(file) {
          index.save(file);
        },
      });
    }
    this.#isSaved = true;
  }

  drop(): void {
    if (this.#place !== undefined) removeGraph(this.#place);
  }
}

function identityOf({ root, columns, contract }: ApproximateSetup): GraphIdentity {
  return { library: 'usearch', version: usearchVersion(root), contract, columns, ...graphParameters };
}

function emptyIndex({ root, columns }: ApproximateSetup): Index {
  const library = loadUsearch(root);
  return new library.Index({
    dimensions: columns,
    metric: library.MetricKind.Cos,
    quantization: library.ScalarKind.I8,
    connectivity: graphParameters.connectivity,
    expansion_add: graphParameters.expansionAdd,
    expansion_search: graphParameters.expansionSearch,
    multi: false,
  });
}

/**
 * A byte for each number, so that the largest takes all of it: cosines do not change with the scale, and the library's own scale, of numbers up to 1, would leave
 * three bits to a number of a vector of 512.
 */
function writeCodes(vector: Float32Array, codes: Int8Array): void {
  let most = 0;
  for (const value of vector) most = Math.max(most, Math.abs(value));
  const scale = most === 0 ? 0 : mostOfCode / most;
  for (const [column, value] of vector.entries()) codes[column] = Math.round(scale * value);
}

/** Keys that come and go; none comes twice. */
class KeySet {
  readonly #parts: BigUint64Array[];
  readonly #removed = new Set<bigint>();

  constructor(keys: BigUint64Array | undefined) {
    this.#parts = keys === undefined ? [] : [keys];
  }

  add(keys: BigUint64Array): void {
    this.#parts.push(keys);
  }

  remove(keys: BigUint64Array): void {
    for (const key of keys) this.#removed.add(key);
  }

  sorted(): BigUint64Array {
    const all = new BigUint64Array(this.#parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of this.#parts) {
      all.set(part, at);
      at += part.length;
    }
    const left = this.#removed.size === 0 ? all : all.filter((key) => !this.#removed.has(key));
    this.#parts.splice(0, this.#parts.length, left.sort());
    this.#removed.clear();
    return left;
  }
}

/** The keys of one list that are not in another; both are ascending. */
function without(keys: BigUint64Array, others: BigUint64Array): BigUint64Array {
  let at = 0;
  return keys.filter((key) => {
    while (at < others.length && (others[at] ?? key) < key) at += 1;
    return others[at] !== key;
  });
}

serveJobs((setup: ApproximateSetup) => {
  const graphs = new Graphs(setup);
  return (job: ApproximateJob) => Promise.resolve(graphs.do(job));
});
