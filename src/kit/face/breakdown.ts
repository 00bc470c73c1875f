import { fail } from '../../core/failure.ts';
import type { VerificationSet } from '../codec/insightface/verification-set.ts';
import { failures } from './groups/failures.ts';
import type { Grouping } from './groups/group-list.ts';
import { groupRates } from './groups/group-rates.ts';
import { type ErrorDiscard, errorDiscard } from './quality/error-discard.ts';
import { blurOf, type QualityName } from './quality/image-quality.ts';
import { isMeasurable } from './uncertainty/error-curve.ts';
import { type Resampling, resamplingOf } from './uncertainty/resampling.ts';
import type { UncertaintyRequest } from './uncertainty/set-uncertainty.ts';
import { acceptancesAt, sortPairs } from './uncertainty/sorted-pairs.ts';
import type { GroupResult, VerificationResult } from './verification-result.ts';

export interface BreakdownRequest extends UncertaintyRequest {
  readonly by: {
    /** Who is on each image, where names tell it; equal images and pairs of one person do otherwise. */
    readonly people?: readonly string[] | undefined;
    readonly grouping?: Grouping | undefined;
    readonly quality?: readonly QualityName[];
    /** Of the detector, for the quality `score`: of each image; NaN where it is not known. */
    readonly scores?: ArrayLike<number> | undefined;
  };
  /** Of each image, for the quality `norm`. */
  readonly norms: ArrayLike<number>;
  /** For the quality `blur`. */
  readonly set: VerificationSet;
  readonly name: string;
}

/** Thresholds of the whole set, where it measures the rate. */
interface Threshold {
  readonly far: number;
  readonly reached: number;
  readonly distance: number;
}

/** The errors by group and by quality, at thresholds of the whole set. Fails with `no-grouped-pairs`, and as the decoder does. */
export async function breakdown(request: BreakdownRequest): Promise<Pick<VerificationResult, 'groups' | 'discard'>> {
  const { pairs, images, by } = request;
  const { grouping, quality = [] } = by;
  if (grouping === undefined && quality.length === 0) return {};
  const people = resamplingOf(images, pairs.same);
  const thresholds = thresholdsOf(request);
  return {
    ...(grouping && { groups: byGroup(request, { people, thresholds, grouping }) }),
    ...(quality.length > 0 && { discard: await byQuality(request, people, thresholds) }),
  };
}

function thresholdsOf({ pairs, rates }: BreakdownRequest): readonly Threshold[] {
  const { same } = pairs;
  const different = Array.from(same).filter((isSame) => !isSame).length;
  const targets = rates.filter((far) => isMeasurable(far, different)).toSorted((one, other) => one - other);
  const points = acceptancesAt(sortPairs(pairs), new Float64Array(same.length).fill(1), targets);
  const found = points.map(({ far, distance }, index) => ({ far: targets[index] ?? NaN, reached: far, distance }));
  return found.toReversed();
}

interface Grouped {
  readonly people: Resampling;
  readonly thresholds: readonly Threshold[];
  readonly grouping: Grouping;
}

function byGroup({ pairs, draws, seed, name }: BreakdownRequest, grouped: Grouped): GroupResult {
  const { people, thresholds, grouping } = grouped;
  const { groups, of, without } = grouping;
  const isWithout = Array.from({ length: pairs.same.length }, (_, pair) => {
    return (of[2 * pair] ?? -1) < 0 || (of[2 * pair + 1] ?? -1) < 0;
  });
  const pairsWithout = isWithout.filter(Boolean).length;
  if (pairsWithout === pairs.same.length) fail(failures.noGroupedPairs({ set: name }));
  const points = groupRates({ pairs, people, groups, of, points: thresholds, draws, seed });
  return { names: groups, of: Array.from(of), imagesWithout: without, pairsWithout, points };
}

async function byQuality(
  { pairs, by, norms, set, name, draws, seed }: BreakdownRequest,
  people: Resampling,
  thresholds: readonly Threshold[],
): Promise<readonly ErrorDiscard[]> {
  const curves: ErrorDiscard[] = [];
  for (const quality of by.quality ?? []) {
    const values = {
      norm: () => norms,
      score: () => by.scores ?? [],
      blur: () => blurOf(set.images, (image) => `image ${image} of verification set ${name}`),
    };
    const known = await values[quality]();
    for (const point of thresholds)
      curves.push(errorDiscard({ pairs, people, quality, values: known, point, draws, seed }));
  }
  return curves;
}
