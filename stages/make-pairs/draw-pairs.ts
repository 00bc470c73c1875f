import type { Random } from '../../src/core/random.ts';

/** An image of a fold: the place of the person in it, and of the image among those of the person, from 0. */
export interface FoldImage {
  readonly person: number;
  readonly image: number;
}

export type ImagePair = readonly [FoldImage, FoldImage];

/** The fewest and simplest that is known of the people of a fold: how many images each has. */
export type ImageCounts = readonly number[];

/** How many pairs of either kind there are. */
export function possiblePairs(counts: ImageCounts): { readonly same: number; readonly different: number } {
  const images = counts.reduce((sum, count) => sum + count, 0);
  const same = counts.reduce((sum, count) => sum + pairsOf(count), 0);
  return { same, different: pairsOf(images) - same };
}

/** Pairs of the same person without repetition, by turns of everyone who has another one. */
export function* samePairs(counts: ImageCounts, random: Random): Generator<ImagePair> {
  for (const { group: person, item } of byTurns(counts.length, (each) => pairsOf(counts[each] ?? 0), random)) {
    const [first, second] = pairAt(item);
    yield [
      { person, image: first },
      { person, image: second },
    ];
  }
}

/** Pairs of different people without repetition, by turns of every two who have another one. */
export function* differentPairs(counts: ImageCounts, random: Random): Generator<ImagePair> {
  const pairsOfTwo = (group: number): number => {
    const [one, other] = pairAt(group);
    return (counts[one] ?? 0) * (counts[other] ?? 0);
  };
  for (const { group, item } of byTurns(pairsOf(counts.length), pairsOfTwo, random)) {
    const [one, other] = pairAt(group);
    const images = counts[other] ?? 1;
    yield [
      { person: one, image: Math.floor(item / images) },
      { person: other, image: item % images },
    ];
  }
}

/** Two of `count` things, in no order. */
function pairsOf(count: number): number {
  return (count * (count - 1)) / 2;
}

/** Pair number `index` among 0-1, 0-2, 1-2, 0-3, ... */
function pairAt(index: number): readonly [number, number] {
  const second = Math.floor((1 + Math.sqrt(1 + 8 * index)) / 2);
  // The root of a large number may be a hair too large or too small.
  const exact = pairsOf(second) > index ? second - 1 : pairsOf(second + 1) <= index ? second + 1 : second;
  return [index - pairsOf(exact), exact];
}

/** One item of each group in random order, then another of those that have one, until nothing is left. */
function* byTurns(
  groups: number,
  itemsOf: (group: number) => number,
  random: Random,
): Generator<{ readonly group: number; readonly item: number }> {
  const items = new Map<number, SparseShuffle>();
  const first = new SparseShuffle(groups, random);
  let turn: Iterable<number> = first;
  for (;;) {
    const left: number[] = [];
    for (const group of turn) {
      const known = items.get(group) ?? new SparseShuffle(itemsOf(group), random);
      items.set(group, known);
      const item = known.next();
      if (item === undefined) continue;
      yield { group, item };
      if (known.left > 0) left.push(group);
    }
    if (left.length === 0) return;
    random.shuffle(left);
    turn = left;
  }
}

/**
 * The numbers below a bound in random order, without repetition (Fisher and Yates). Only places that were drawn are kept:
 * the 5 x 10^11 pairs of a million images take no memory until they are drawn.
 */
class SparseShuffle {
  readonly #random: Random;
  /** What is at a place, where that is not its own number. */
  readonly #moved = new Map<number, number>();
  #left: number;

  constructor(bound: number, random: Random) {
    this.#left = bound;
    this.#random = random;
  }

  get left(): number {
    return this.#left;
  }

  /** Undefined when all were drawn. */
  next(): number | undefined {
    if (this.#left === 0) return undefined;
    const place = this.#random.integer(this.#left);
    const drawn = this.#moved.get(place) ?? place;
    this.#left -= 1;
    this.#moved.set(place, this.#moved.get(this.#left) ?? this.#left);
    this.#moved.delete(this.#left);
    return drawn;
  }

  *[Symbol.iterator](): Generator<number> {
    for (let drawn = this.next(); drawn !== undefined; drawn = this.next()) yield drawn;
  }
}
