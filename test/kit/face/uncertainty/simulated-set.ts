import { Random } from '../../../../src/core/random.ts';
import type { ScoredPairs } from '../../../../src/kit/face/acceptance-counts.ts';

export interface Shape {
  readonly people: number;
  readonly pairsPerFold: number;
}

export interface SimulatedSet {
  readonly pairs: ScoredPairs;
  /** Distances of a second model, which is as good as the first and errs partly on the same pairs. */
  readonly other: readonly number[];
  /** Person of each image, two per pair. */
  readonly images: readonly number[];
  readonly truth: { readonly accuracy: number; readonly tarAt10: number };
}

const deviation = 0.3;
/** Some people look farther from everybody than others. */
const ofPerson = 0.12;
const ofPair = 0.15;

/**
 * A set of ten folds without common people. Distances are normal with means 1 (same) and 2 (different) and a standard deviation of
 * 0.3, part of which is the person's: so the best threshold is 1.5, and the rates are values of the normal distribution.
 */
export function simulatedSet(seed: number, { people, pairsPerFold }: Shape): SimulatedSet {
  const random = new Random(seed);
  const effects = Array.from({ length: people }, () => random.normal() * ofPerson);
  const perFold = people / 10;
  const images: number[] = [];
  const same: boolean[] = [];
  const distances: number[] = [];
  const other: number[] = [];
  const own = Math.sqrt(deviation ** 2 - 2 * ofPerson ** 2 - ofPair ** 2);
  for (let fold = 0; fold < 10; fold += 1) {
    for (let pair = 0; pair < pairsPerFold; pair += 1) {
      const isSame = pair < pairsPerFold / 2;
      const left = fold * perFold + random.integer(perFold);
      const right = isSame
        ? left
        : fold * perFold + ((left - fold * perFold + 1 + random.integer(perFold - 1)) % perFold);
      images.push(left, right);
      same.push(isSame);
      const [one = 0, two = 0] = [effects[left], effects[right]];
      const common = (isSame ? 1 + Math.SQRT2 * one : 2 + one + two) + random.normal() * ofPair;
      distances.push(common + random.normal() * own);
      other.push(common + random.normal() * own);
    }
  }
  // Values of the normal distribution function at 0.5 / 0.3 and at (2 - 1.2816 * 0.3 - 1) / 0.3.
  return { pairs: { distances, same }, other, images, truth: { accuracy: 0.95221, tarAt10: 0.97982 } };
}
