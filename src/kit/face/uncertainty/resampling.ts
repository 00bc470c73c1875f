/** How a set of pairs is drawn again: with other people. */
export interface Resampling {
  /**
   * `groups`: parts of the set that share no person. `people`: persons, where the set has no such parts.
   */
  readonly unit: 'groups' | 'people';
  readonly count: number;
  /** How many persons there are, as far as the pairs tell. */
  readonly people: number;
  /** Person of each image, two per pair, from 0. */
  readonly person: Int32Array;
  /** Unit of each image, two per pair, from 0. */
  readonly unitOf: Int32Array;
  /** From how often each unit was drawn to how often each pair counts. */
  weigh(drawn: Float64Array, weights: Float64Array): void;
}

/** So few people say nothing of others. */
export const fewestUnits = 10;

/** Below so many parts, or with more of the pairs in one of them, drawing parts says little. */
const fewestGroups = 50;
const largestShare = 0.05;

/**
 * How to draw from a set of pairs. `images` names what each image shows, two per pair: the digest of its bytes, or the
 * identity where it is known; `same` tells which pairs show one person, whose images are then one person's everywhere.
 */
export function resamplingOf(images: readonly (string | number)[], same: ArrayLike<boolean>): Resampling {
  const nodes = numbered(images);
  const pairs = images.length / 2;
  const groups = new Partition(nodes);
  const people = new Partition(nodes);
  for (let pair = 0; pair < pairs; pair += 1) {
    groups.join(2 * pair, 2 * pair + 1);
    if (same[pair] === true) people.join(2 * pair, 2 * pair + 1);
  }
  const group = groups.parts();
  const { of: person, count } = people.parts();
  if (group.count >= fewestGroups && group.largest <= largestShare * pairs) {
    const weigh: Resampling['weigh'] = (drawn, weights) => {
      for (let pair = 0; pair < pairs; pair += 1) weights[pair] = drawn[group.of[2 * pair] ?? 0] ?? 0;
    };
    return { unit: 'groups', count: group.count, people: count, person, unitOf: group.of, weigh };
  }
  const weigh: Resampling['weigh'] = (drawn, weights) => {
    for (let pair = 0; pair < pairs; pair += 1) {
      const left = drawn[person[2 * pair] ?? 0] ?? 0;
      weights[pair] = same[pair] === true ? left : left * (drawn[person[2 * pair + 1] ?? 0] ?? 0);
    }
  };
  return { unit: 'people', count, people: count, person, unitOf: person, weigh };
}

/**
 * By how much the spread over draws of people has to be taken back for pairs of two persons. Such a pair counts as the product
 * of two draws, whose variance is 3 where that of one pair is 1; pairs that share a person vary together as they should.
 * `error` is what each pair adds to a sum, 0 on average; only pairs of two persons are looked at. The variance of the sum
 * is that of pairs which share a person (Fafchamps and Gubert 2007), and at least that of independent ones.
 */
export function shrinkage({ person, unit }: Resampling, error: ArrayLike<number>, same: ArrayLike<boolean>): number {
  if (unit === 'groups') return 1;
  const sums = new Map<number, number>();
  let own = 0;
  for (let pair = 0; pair < error.length; pair += 1) {
    if (same[pair] === true) continue;
    const value = error[pair] ?? 0;
    own += value ** 2;
    for (const each of [person[2 * pair] ?? 0, person[2 * pair + 1] ?? 0])
      sums.set(each, (sums.get(each) ?? 0) + value);
  }
  const shared = [...sums.values()].reduce((sum, value) => sum + value ** 2, 0);
  return own === 0 ? 1 : Math.sqrt(Math.max(shared - own, own) / (shared + own));
}

/** The same number for equal names, from 0 in the order of their first use. */
function numbered(names: readonly (string | number)[]): Int32Array {
  const numbers = new Map<string | number, number>();
  return Int32Array.from(names, (name) => {
    const number = numbers.get(name) ?? numbers.size;
    numbers.set(name, number);
    return number;
  });
}

/** Sets of images that are joined step by step (union-find with path compression, Tarjan 1975). */
class Partition {
  readonly #nodes: Int32Array;
  readonly #parent: Int32Array;

  constructor(nodes: Int32Array) {
    this.#nodes = nodes;
    this.#parent = Int32Array.from(
      { length: nodes.reduce((most, node) => Math.max(most, node + 1), 0) },
      (_, at) => at,
    );
  }

  join(image: number, other: number): void {
    this.#parent[this.#rootOf(this.#nodes[image] ?? 0)] = this.#rootOf(this.#nodes[other] ?? 0);
  }

  /** The part of each image, numbered from 0; `largest` is the number of pairs in the largest part. */
  parts(): { readonly of: Int32Array; readonly count: number; readonly largest: number } {
    const of = numbered(Array.from(this.#nodes, (node) => this.#rootOf(node)));
    const sizes = new Float64Array(of.reduce((most, part) => Math.max(most, part + 1), 0));
    for (let pair = 0; 2 * pair < of.length; pair += 1) sizes[of[2 * pair] ?? 0] = (sizes[of[2 * pair] ?? 0] ?? 0) + 1;
    return { of, count: sizes.length, largest: sizes.reduce((most, size) => Math.max(most, size), 0) };
  }

  #rootOf(node: number): number {
    let root = node;
    while ((this.#parent[root] ?? root) !== root) root = this.#parent[root] ?? root;
    for (let at = node; at !== root;) {
      const next = this.#parent[at] ?? root;
      this.#parent[at] = root;
      at = next;
    }
    return root;
  }
}
