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

  #compress(): void {
    if (this.#length === 0) return;
    const added = this.#added.subarray(0, this.#length).sort();
    const values = new Float64Array(this.#values.length + added.length);
    const counts = new Float64Array(values.length);
    let [size, old, fresh] = [0, 0, added.length - 1];
    while (old < this.#values.length || fresh >= 0) {
      const [kept, own] = [this.#values[old] ?? -Infinity, fresh < 0 ? -Infinity : (added[fresh] ?? -Infinity)];
      const value = Math.max(kept, own);
      if (size === 0 || values[size - 1] !== value) {
        values[size] = value;
        size += 1;
      }
      counts[size - 1] = (counts[size - 1] ?? 0) + (kept >= own ? (this.#counts[old] ?? 0) : 1);
      if (kept >= own) old += 1;
      else fresh -= 1;
    }
    this.#values = values.slice(0, size);
    this.#counts = counts.slice(0, size);
    this.#length = 0;
  }
}

export interface SavedValues {
  readonly values: Float64Array;
  readonly counts: Float64Array;
}
