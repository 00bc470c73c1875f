/** Which rows are of which person, as it is sent to other threads. */
export interface PersonIndex {
  /** Of each row, from 0. */
  readonly person: Int32Array;
  /** Rows in the order of their persons, rising for each; those of person p are from starts[p] to starts[p + 1]. */
  readonly rows: Int32Array;
  readonly starts: Int32Array;
}

/** Which rows are of which person. */
export class PersonRows {
  readonly index: PersonIndex;
  readonly people: number;
  /** Pairs of two rows of one person. */
  readonly samePairs: number;

  constructor(names: readonly (string | number)[]) {
    const numbers = new Map<string | number, number>();
    const person = Int32Array.from(names, (name) => {
      const number = numbers.get(name) ?? numbers.size;
      numbers.set(name, number);
      return number;
    });
    this.people = numbers.size;
    const starts = new Int32Array(this.people + 1);
    for (const each of person) starts[each + 1] = (starts[each + 1] ?? 0) + 1;
    for (let each = 0; each < this.people; each += 1) starts[each + 1] = (starts[each + 1] ?? 0) + (starts[each] ?? 0);
    const next = starts.slice();
    const rows = new Int32Array(names.length);
    for (const [row, each] of person.entries()) {
      rows[next[each] ?? 0] = row;
      next[each] = (next[each] ?? 0) + 1;
    }
    this.index = { person, rows, starts };
    let pairs = 0;
    for (let each = 0; each < this.people; each += 1) {
      const count = this.rowsOf(each).length;
      pairs += (count * (count - 1)) / 2;
    }
    this.samePairs = pairs;
  }

  /** Person of each row, from 0. */
  get person(): Int32Array {
    return this.index.person;
  }

  /** Rising. */
  rowsOf(person: number): Int32Array {
    return rowsOfPerson(this.index, person);
  }
}

/** Rising. */
export function rowsOfPerson({ rows, starts }: PersonIndex, person: number): Int32Array {
  return rows.subarray(starts[person], starts[person + 1]);
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
