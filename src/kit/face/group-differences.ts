import { peopleVariance } from './uncertainty/decided-pairs.ts';
import type { Interval } from './uncertainty/proportion.ts';
import { fewestUnits, resamplingOf } from './uncertainty/resampling.ts';
import { peopleQuantile } from './uncertainty/student.ts';
import type { VerificationResult } from './verification-result.ts';

/** How much more often one model errs on a group than another, each at the threshold of the whole set that is its own. */
export interface GroupDifference {
  readonly group: string;
  /** The false match rate that neither exceeds on the whole set. */
  readonly far: number;
  readonly kind: 'fnmr' | 'fmr';
  /** Rate of the first model less that of the second. */
  readonly value: number;
  /** 95 %; undefined where the pairs of the group have fewer than ten people. */
  readonly interval: Interval | undefined;
  /** Whether the first errs less: undecided where the interval holds 0, or is missing. */
  readonly verdict: 'better' | 'worse' | 'undecided';
}

type Grouped = Pick<VerificationResult, 'groups' | 'distances' | 'same' | 'people'>;

/**
 * The differences of two models on the same pairs of each group, at thresholds that are held; empty where they do not have the same groups. As for accuracies, the
 * variance is that of pairs which share a person, of two pairs more that only one of the models decides rightly (Bonett and Price 2012).
 */
export function groupDifferences(first: Grouped, second: Grouped): readonly GroupDifference[] {
  const [one, other] = [first.groups, second.groups];
  if (one === undefined || other === undefined) return [];
  if (JSON.stringify([one.names, one.of]) !== JSON.stringify([other.names, other.of])) return [];
  const { person } = resamplingOf(first.people ?? [], first.same);
  return one.points.flatMap(({ far, distance }) => {
    const counterpart = other.points.find((point) => point.far === far);
    if (counterpart === undefined) return [];
    const isWrong = (distances: readonly number[], at: number) => (pair: number) =>
      Number((distances[pair] ?? 0) > at === (first.same[pair] === true));
    const wrong = isWrong(first.distances, distance);
    const wrongToo = isWrong(second.distances, counterpart.distance);
    return one.names.flatMap((group, index) =>
      (['fnmr', 'fmr'] as const).flatMap((kind) => {
        const own = Array.from(first.same.keys()).filter(
          (pair) =>
            one.of[2 * pair] === index &&
            one.of[2 * pair + 1] === index &&
            (first.same[pair] === true) === (kind === 'fnmr'),
        );
        const parts = own.map((pair) => wrong(pair) - wrongToo(pair));
        const images = own.flatMap((pair) => [person[2 * pair] ?? 0, person[2 * pair + 1] ?? 0]);
        return own.length === 0 ? [] : [{ group, far, kind, ...differenceOf(parts, images, kind === 'fnmr') }];
      }),
    );
  });
}

function differenceOf(
  parts: readonly number[],
  images: readonly number[],
  isSame: boolean,
): Pick<GroupDifference, 'value' | 'interval' | 'verdict'> {
  const value = parts.reduce((sum, part) => sum + part, 0) / parts.length;
  const same = parts.map(() => isSame);
  const { variance, units } = peopleVariance(parts, { same, person: Int32Array.from(images), added: 2 });
  if (units < fewestUnits) return { value, interval: undefined, verdict: 'undecided' };
  const reach = peopleQuantile(units - 1) * Math.sqrt(variance);
  const interval = { low: Math.max(-1, value - reach), high: Math.min(1, value + reach) };
  return { value, interval, verdict: interval.high < 0 ? 'better' : interval.low > 0 ? 'worse' : 'undecided' };
}
