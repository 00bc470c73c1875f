/** Compressed whenever so many values have been added. */
const batch = 1 << 20;

/** A multiset of numbers: of equal ones it keeps one and their count, so that a million copies of an image take no memory. */
export class CountedValues {
  /** Descending, different. */
  #values: Float64Array = new Float64Array(0);
  #counts: Float64Array = new Float64Array(0);
  #added = new Float64Array(1024);
  #length = 0;

  /** Continues from {@link save}. */
  static restore({ values, counts }: SavedValues): CountedValues {
    const restored = new CountedValues();
    restored.#values = values;
    restored.#counts = counts;
    return restored;
  }

  save(): SavedValues {
    this.#compress();
    return { values: this.#values, counts: this.#counts };
  }

  add(value: number): void {
    if (this.#length === this.#added.length) {
      if (this.#length >= batch) this.#compress();
      else {
        const larger = new Float64Array(2 * this.#length);
        larger.set(this.#added);
        this.#added = larger;
      }
    }
    this.#added[this.#length] = value;
    this.#length += 1;
  }

  /** The one that `place` others, counted from the greatest, come before; undefined if there are not so many. */
  at(place: number): number | undefined {
    this.#compress();
    let before = 0;
    for (const [index, value] of this.#values.entries()) {
      before += this.#counts[index] ?? 0;
      if (before > place) return value;
    }
    return undefined;
  }

  /** How many are greater. */
  above(threshold: number): number {
    this.#compress();
    let sum = 0;
    for (const [index, value] of this.#values.entries()) {
      if (value <= threshold) break;
      sum += this.#counts[index] ?? 0;
    }
    return sum;
  }

  /** Adds those of another multiset. */
  merge(other: SavedValues): void {
    this.#compress();
    this.#take(other);
  }

  #compress(): void {
    if (this.#length === 0) return;
    const values = this.#added.slice(0, this.#length).sort().reverse();
    this.#length = 0;
    this.#take({ values, counts: new Float64Array(values.length).fill(1) });
  }

  /** Equal values may be repeated in the other. */
  #take(other: SavedValues): void {
    const values = new Float64Array(this.#values.length + other.values.length);
    const counts = new Float64Array(values.length);
    let [size, own, fresh] = [0, 0, 0];
    while (own < this.#values.length || fresh < other.values.length) {
      const [kept, added] = [this.#values[own] ?? -Infinity, other.values[fresh] ?? -Infinity];
      const isOwn = kept >= added && own < this.#values.length;
      const value = isOwn ? kept : added;
      if (size === 0 || values[size - 1] !== value) {
        values[size] = value;
        size += 1;
      }
      counts[size - 1] = (counts[size - 1] ?? 0) + ((isOwn ? this.#counts[own] : other.counts[fresh]) ?? 0);
      if (isOwn) own += 1;
      else fresh += 1;
    }
    this.#values = values.slice(0, size);
    this.#counts = counts.slice(0, size);
  }
}

export interface SavedValues {
  readonly values: Float64Array;
  readonly counts: Float64Array;
}
