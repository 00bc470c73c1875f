/** Beyond so many runs, ids are kept one by one. */
const maxRuns = 1 << 14;

/**
 * The ids of the records of a file, in the order of the file. Nearly every index counts upwards, but for record 0: ids are
 * kept as runs of successive numbers, so that twenty million take no memory to speak of. Where they are in disorder, as
 * im2rec writes a shuffled list, they are kept in flat arrays.
 */
export class RecordIds {
  #size = 0;
  /** Of each run, the entry that it begins with and the id of that. */
  #entries: number[] = [];
  #firsts: number[] = [];
  /** Instead of the runs. */
  #flat: Float64Array | undefined;
  #lookup: Lookup | undefined;

  get size(): number {
    return this.#size;
  }

  add(id: number): void {
    const entry = this.#size;
    this.#size += 1;
    this.#lookup = undefined;
    if (this.#flat !== undefined) {
      if (entry === this.#flat.length) this.#flat = grown(this.#flat);
      this.#flat[entry] = id;
      return;
    }
    const run = this.#entries.length - 1;
    if (run >= 0 && id === (this.#firsts[run] ?? 0) + entry - (this.#entries[run] ?? 0)) return;
    this.#entries.push(entry);
    this.#firsts.push(id);
    if (this.#entries.length > maxRuns) this.#flat = Float64Array.from(this);
  }

  /** The id of an entry, from 0. */
  at(entry: number): number {
    if (this.#flat !== undefined) return this.#flat[entry] ?? NaN;
    const run = lastAtMost(this.#entries, entry);
    return (this.#firsts[run] ?? NaN) + entry - (this.#entries[run] ?? 0);
  }

  /** The entry with an id; of several the last. */
  entryOf(id: number): number | undefined {
    this.#lookup ??= this.#makeLookup();
    return this.#lookup.entryOf(id);
  }

  /** Whether two entries have one id. */
  get repeat(): boolean {
    this.#lookup ??= this.#makeLookup();
    return this.#lookup.repeat;
  }

  *[Symbol.iterator](): Generator<number> {
    if (this.#flat !== undefined) {
      yield* this.#flat.subarray(0, this.#size);
      return;
    }
    for (const [run, first] of this.#firsts.entries()) {
      const begin = this.#entries[run] ?? 0;
      // The entry that is being added may be the one that makes runs too many.
      const end = this.#entries[run + 1] ?? this.#size;
      for (let entry = begin; entry < end; entry += 1) yield first + entry - begin;
    }
  }

  #makeLookup(): Lookup {
    const runs = this.#flat === undefined ? this.#lookupOfRuns() : undefined;
    return runs ?? lookupOfEach(this, this.#size);
  }

  /** Undefined if runs overlap. */
  #lookupOfRuns(): Lookup | undefined {
    const order = [...this.#firsts.keys()].sort((a, b) => (this.#firsts[a] ?? 0) - (this.#firsts[b] ?? 0));
    const firsts = order.map((run) => this.#firsts[run] ?? 0);
    const begins = order.map((run) => this.#entries[run] ?? 0);
    const lengths = order.map((run) => (this.#entries[run + 1] ?? this.#size) - (this.#entries[run] ?? 0));
    const overlaps = firsts.some(
      (first, place) => place > 0 && first < (firsts[place - 1] ?? 0) + (lengths[place - 1] ?? 0),
    );
    if (overlaps) return undefined;
    return {
      repeat: false,
      entryOf: (id) => {
        const place = lastAtMost(firsts, id);
        const within = id - (firsts[place] ?? Infinity);
        return within >= 0 && within < (lengths[place] ?? 0) ? (begins[place] ?? 0) + within : undefined;
      },
    };
  }
}

interface Lookup {
  readonly repeat: boolean;
  entryOf(id: number): number | undefined;
}

function lookupOfEach(ids: Iterable<number>, size: number): Lookup {
  let largest = -1;
  for (const id of ids) if (id > largest) largest = id;
  let repeat = false;
  // Entries plus one; 0 for an id without an entry.
  const dense = largest < 4 * size + 1024 ? new Uint32Array(largest + 1) : undefined;
  const sparse = new Map<number, number>();
  let entry = 0;
  for (const id of ids) {
    entry += 1;
    if (((dense === undefined ? sparse.get(id) : dense[id]) ?? 0) > 0) repeat = true;
    if (dense === undefined) sparse.set(id, entry);
    else dense[id] = entry;
  }
  return {
    repeat,
    entryOf: (id) => {
      const found = dense === undefined ? sparse.get(id) : dense[id];
      return found === undefined || found === 0 ? undefined : found - 1;
    },
  };
}

/** The place of the last of ascending numbers that is not above one; -1 if all are. */
function lastAtMost(ascending: readonly number[], number: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] ?? Infinity) <= number) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** A larger array with the same beginning. */
export function grown(array: Float64Array): Float64Array {
  const larger = new Float64Array(Math.ceil(array.length * 1.3) + 1024);
  larger.set(array);
  return larger;
}
