import { normalProbability, normalQuantile } from '../../src/core/normal-distribution.ts';
import { Random } from '../../src/core/random.ts';
import type { ScoredPairs } from '../../src/kit/face/acceptance-counts.ts';

/** What the sets of one design have in common. */
export interface Design {
  readonly people: number;
  readonly pairs: number;
  /** Folds without common people, as LFW's; else any two people meet anywhere. */
  readonly apart: boolean;
  /** Of the distances, whose means are 1 (same) and 2 (different). */
  readonly deviation: number;
  /** Of those of the second model. */
  readonly otherDeviation: number;
}

export interface Truth {
  readonly accuracy: number;
  readonly eer: number;
  /** Of the accuracies of both models. */
  readonly difference: number;
  readonly tarAt: (far: number) => number;
  readonly area: number;
  /** At a threshold that is held. */
  readonly ratesAt: (distance: number) => { readonly fnmr: number; readonly fmr: number };
}

export interface SimulatedSet {
  readonly pairs: ScoredPairs;
  /** Distances of a second model, which errs partly on the same pairs. */
  readonly other: readonly number[];
  /** Person of each image, two per pair. */
  readonly images: readonly number[];
}

const folds = 10;
/** Shares of the variance: of the persons, of the pair (both common to both models), of the second model's view of persons. */
const [ofPeople, ofPair, ofOther] = [0.32, 0.25, 0.1];

/**
 * A set of ten folds, half of each same pairs. Distances are normal; part of their variance is that of the persons, some of whom
 * look farther from everybody than others, and part is common to both models.
 */
export function simulatedSet(seed: number, design: Design): SimulatedSet {
  const { people, pairs, apart, deviation, otherDeviation } = design;
  const random = new Random(seed);
  const drawn = (): Float64Array => Float64Array.from({ length: people }, () => random.normal());
  const [effects, others] = [drawn(), drawn()];
  const perFold = pairs / folds;
  const set = { images: [] as number[], same: [] as boolean[], distances: [] as number[], other: [] as number[] };
  const rest = Math.sqrt(1 - ofPeople - ofPair);
  for (let pair = 0; pair < pairs; pair += 1) {
    const fold = Math.floor(pair / perFold);
    const isSame = pair % perFold < perFold / 2;
    const first = apart ? Math.floor((fold * people) / folds) : 0;
    const count = apart ? Math.floor(((fold + 1) * people) / folds) - first : people;
    const left = first + random.integer(count);
    const right = isSame ? left : first + ((left - first + 1 + random.integer(count - 1)) % count);
    // Of unit variance: one person's effect counts fully, or two of half the variance each.
    const of = (values: Float64Array): number =>
      isSame ? (values[left] ?? 0) : ((values[left] ?? 0) + (values[right] ?? 0)) / Math.SQRT2;
    const common = Math.sqrt(ofPair) * random.normal();
    const one = Math.sqrt(ofPeople) * of(effects) + common + rest * random.normal();
    const shared = Math.sqrt(ofPeople - ofOther) * of(effects) + Math.sqrt(ofOther) * of(others);
    const two = shared + common + rest * random.normal();
    set.images.push(left, right);
    set.same.push(isSame);
    set.distances.push((isSame ? 1 : 2) + deviation * one);
    set.other.push((isSame ? 1 : 2) + otherDeviation * two);
  }
  return { pairs: set, other: set.other, images: set.images };
}

/** What figures would be of all people and pairs there could be, at the best threshold: 1.5 by symmetry. */
export function truthOf({ deviation, otherDeviation }: Design): Truth {
  const accuracy = normalProbability(0.5 / deviation);
  return {
    accuracy,
    eer: 1 - accuracy,
    difference: accuracy - normalProbability(0.5 / otherDeviation),
    tarAt: (far) => normalProbability((1 + normalQuantile(far) * deviation) / deviation),
    area: normalProbability(Math.SQRT1_2 / deviation),
    ratesAt: (distance) => ({
      fnmr: 1 - normalProbability((distance - 1) / deviation),
      fmr: normalProbability((distance - 2) / deviation),
    }),
  };
}

const equal = { deviation: 0.3, otherDeviation: 0.3 };

/** From ten people to the shape of LFW. */
export const designs: Readonly<Record<string, Design>> = {
  '10 people, 600 pairs': { people: 10, pairs: 600, apart: false, ...equal },
  '20 people, 600 pairs': { people: 20, pairs: 600, apart: false, ...equal },
  '60 people, 600 pairs': { people: 60, pairs: 600, apart: true, ...equal },
  '60 people, 600 pairs, one better': { people: 60, pairs: 600, apart: true, deviation: 0.3, otherDeviation: 0.33 },
  '2000 people, 600 pairs': { people: 2000, pairs: 600, apart: true, ...equal },
  '2000 people, 600 pairs, six errors': {
    ...{ people: 2000, pairs: 600, apart: true, deviation: 0.215, otherDeviation: 0.215 },
  },
  '300 people, 6000 pairs': { people: 300, pairs: 6000, apart: false, ...equal },
  'as LFW: 5749 people, 6000 pairs': {
    ...{ people: 5749, pairs: 6000, apart: true, deviation: 0.2, otherDeviation: 0.21 },
  },
};
