/** Which rows are of which person. */
export class PersonRows {
  /** Person of each row, from 0. */
  readonly person: Int32Array;
  readonly people: number;
  /** Pairs of two rows of one person. */
  readonly samePairs: number;
  /** Rows in the order of their persons, rising for each; those of person p are from starts[p] to starts[p + 1]. */
  readonly #rows: Int32Array;
  readonly #starts: Int32Array;

  constructor(names: readonly (string | number)[]) {
    const numbers = new Map<string | number, number>();
    this.person = Int32Array.from(names, (name) => {
      const number = numbers.get(name) ?? numbers.size;
      numbers.set(name, number);
      return number;
    });
    this.people = numbers.size;
    this.#starts = new Int32Array(this.people + 1);
    for (const person of this.person) this.#starts[person + 1] = (this.#starts[person + 1] ?? 0) + 1;
    for (let person = 0; person < this.people; person += 1) {
      this.#starts[person + 1] = (this.#starts[person + 1] ?? 0) + (this.#starts[person] ?? 0);
    }
    const next = this.#starts.slice();
    this.#rows = new Int32Array(names.length);
    for (const [row, person] of this.person.entries()) {
      this.#rows[next[person] ?? 0] = row;
      next[person] = (next[person] ?? 0) + 1;
    }
    let pairs = 0;
    for (let person = 0; person < this.people; person += 1) {
      const count = this.rowsOf(person).length;
      pairs += (count * (count - 1)) / 2;
    }
    this.samePairs = pairs;
  }

  /** Rising. */
  rowsOf(person: number): Int32Array {
    return this.#rows.subarray(this.#starts[person], this.#starts[person + 1]);
  }
}

/** Where in rising numbers the first is that is not less. */
export function firstFrom(rising: Int32Array, least: number): number {
  let [low, high] = [0, rising.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rising[middle] ?? 0) < least) low = middle + 1;
    else high = middle;
  }
  return low;
}
