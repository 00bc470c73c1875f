import { Random } from '../../../core/random.ts';
import type { GroupRate } from '../groups/group-rates.ts';
import type { PersonRows } from '../similarity/person-rows.ts';
import type { BootstrapOptions } from '../uncertainty/bootstrap.ts';
import { drawnShare, fewestAccepted } from '../uncertainty/drawn-share.ts';

/** A threshold that was set on other pairs than those it is held for. */
export interface HeldThreshold {
  /** The rate that it keeps there, and the one that it reaches. */
  readonly far: number;
  readonly reached: number;
  /** Pairs that are closer are accepted. */
  readonly closeness: number;
  /** Impostor pairs that it was set on. */
  readonly pairs: number;
}

/** How often a group is decided wrongly at a threshold that is held. */
export interface HeldRates extends Pick<HeldThreshold, 'far' | 'reached'> {
  readonly threshold: number;
  /** False non-match rate: pairs of one person that are rejected. */
  readonly fnmr: GroupRate;
  /** False match rate: pairs of different people that are accepted. */
  readonly fmr: GroupRate;
}

export interface HeldRequest extends BootstrapOptions {
  readonly thresholds: readonly HeldThreshold[];
  readonly people: PersonRows;
  /** Of each person its pairs of images, and for each threshold those that are accepted. */
  readonly trials: Float64Array;
  readonly accepted: readonly Float64Array[];
  /** For each threshold, for each row how many rows of other people are closer. */
  readonly acceptedOfRows: Uint32Array;
}

/**
 * FNMR and FMR of all pairs of a group at thresholds that are held, with 95 % intervals over draws of its people. A pair of two people
 * counts as the product of two draws; of that what is linear in each is taken, whose variance is the sum over people of their squared
 * deviations, and reduced to the variance of pairs that share people (Fafchamps and Gubert 2007), as `shrinkage` in resampling.ts.
 */
export function heldRates(request: HeldRequest): readonly HeldRates[] {
  const { thresholds, people } = request;
  const rows = people.person.length;
  return thresholds.map((threshold, index) => {
    const own = request.acceptedOfRows.subarray(index * rows, (index + 1) * rows);
    return {
      ...{ far: threshold.far, reached: threshold.reached, threshold: threshold.closeness },
      fnmr: nonMatches(request, request.accepted[index] ?? new Float64Array()),
      fmr: matches(request, own, threshold),
    };
  });
}

function nonMatches({ trials, draws, seed }: HeldRequest, accepted: Float64Array): GroupRate {
  const people = [...trials.keys()].filter((person) => (trials[person] ?? 0) > 0);
  const pairs = sumOf(trials);
  const errors = pairs - sumOf(accepted);
  const random = Random.derive(seed, 'people of a group, non-matches');
  const drawn = Array.from({ length: draws }, () => {
    let [all, wrong] = [0, 0];
    for (let count = people.length; count > 0; count -= 1) {
      const person = people[random.integer(people.length)] ?? 0;
      all += trials[person] ?? 0;
      wrong += (trials[person] ?? 0) - (accepted[person] ?? 0);
    }
    return wrong / all;
  });
  const units = people.length;
  const value = errors / pairs;
  if (draws === 0) return { value, pairs, errors, units };
  return { ...drawnShare({ value, draws: drawn }, { units, worse: 'above' }), pairs, errors, units };
}

function matches(
  { people, draws, seed }: HeldRequest,
  acceptedOfRows: Uint32Array,
  threshold: HeldThreshold,
): GroupRate {
  const rows = people.person.length;
  const units = people.people;
  const [errorsOf, pairsOf] = [new Float64Array(units), new Float64Array(units)];
  for (let row = 0; row < rows; row += 1) {
    const person = people.person[row] ?? 0;
    errorsOf[person] = (errorsOf[person] ?? 0) + (acceptedOfRows[row] ?? 0);
  }
  for (let person = 0; person < units; person += 1) {
    const own = people.rowsOf(person).length;
    pairsOf[person] = own * (rows - own);
  }
  // Each pair counts for both of its people.
  const [errors, pairs] = [sumOf(errorsOf) / 2, sumOf(pairsOf) / 2];
  const rate = { pairs, errors, units };
  const value = errors / pairs;
  // The very pairs that set such a threshold are counted at it.
  if (draws === 0 || threshold.far * threshold.pairs < fewestAccepted) return { value, ...rate };
  const deviations = errorsOf.map((count, person) => count - value * (pairsOf[person] ?? 0));
  const shared = deviations.reduce((sum, each) => sum + each ** 2, 0);
  const alone = pairs * value * (1 - value);
  const factor = shared === 0 ? 0 : Math.sqrt(Math.max(shared - alone, alone) / shared);
  const random = Random.derive(seed, 'people of a group, matches');
  const drawn = Array.from({ length: draws }, () => {
    let [wrong, all] = [0, 0];
    for (let count = 0; count < units; count += 1) {
      const person = random.integer(units);
      wrong += errorsOf[person] ?? 0;
      all += pairsOf[person] ?? 0;
    }
    // If each person is drawn once, both are twice what the set has.
    return value * (wrong / errors / (all / pairs)) ** (2 * factor);
  });
  // Of few people whose errors most are, the draws know as little as of so few people.
  const effective = Math.floor(sumOf(errorsOf) ** 2 / errorsOf.reduce((sum, each) => sum + each ** 2, 0)) || units;
  return { ...drawnShare({ value, draws: drawn }, { units: effective, worse: 'above' }), ...rate };
}

function sumOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}
