import { accuracyDifference } from '../../src/kit/face/uncertainty/accuracy-difference.ts';
import { groupRates } from '../../src/kit/face/groups/group-rates.ts';
import type { Measured } from '../../src/kit/face/uncertainty/measured.ts';
import { resamplingOf } from '../../src/kit/face/uncertainty/resampling.ts';
import { setUncertainty } from '../../src/kit/face/uncertainty/set-uncertainty.ts';
import { type Design, simulatedSet, truthOf } from './simulated-set.ts';

export interface CoverageRequest {
  readonly design: Design;
  /** Numbers of the sets: seeds. */
  readonly sets: readonly number[];
  readonly draws: number;
  /** False acceptance rates; those that the sets can not measure are left out. */
  readonly rates: readonly number[];
}

/** Of how many sets the interval of a figure held the truth, was below it, and above it. */
export interface Coverage {
  readonly figure: string;
  readonly held: number;
  readonly below: number;
  readonly above: number;
  /** Of how many sets there was none. */
  readonly without: number;
}

type Counts = { -readonly [Name in keyof Omit<Coverage, 'figure'>]: number };

/** How often the intervals of simulated sets hold what is known to be true. */
export function coverageOf({ design, sets, draws, rates }: CoverageRequest): readonly Coverage[] {
  const truth = truthOf(design);
  const counts = new Map<string, Counts>();
  const note = (figure: string, { interval }: Partial<Pick<Measured, 'interval'>>, value: number): void => {
    const of = counts.get(figure) ?? { held: 0, below: 0, above: 0, without: 0 };
    counts.set(figure, of);
    // Nothing is claimed.
    if (interval === undefined) of.without += 1;
    else if (interval.high < value) of.below += 1;
    else if (interval.low > value) of.above += 1;
    else of.held += 1;
  };
  for (const seed of sets) {
    const { pairs, other, images } = simulatedSet(seed, design);
    const options = { folds: 10, draws, seed };
    const found = setUncertainty({ pairs, images, rates, ...options });
    note('accuracy', found.accuracy, truth.accuracy);
    const { distances: first, same } = pairs;
    const { interval } = accuracyDifference({ first, second: other, same, images, ...options });
    note('difference', interval === undefined ? {} : { interval }, truth.difference);
    for (const point of found.tarAtFar) {
      if (point.isMeasurable) note(`TAR at FAR ${point.far}`, point, truth.tarAt(point.far));
    }
    note('EER', found.eer, truth.eer);
    note('area', found.areaUnderCurve, truth.area);
    // Two groups that differ in nothing; half of the pairs of different people are across them.
    const of = images.map((person) => person % 2);
    const people = resamplingOf(images, same);
    const points = found.tarAtFar.filter(({ isMeasurable }) => isMeasurable);
    for (const { far, distance, cells, gaps } of groupRates({
      pairs,
      people,
      groups: ['a', 'b'],
      of,
      points,
      ...options,
    })) {
      const at = truth.ratesAt(distance);
      const [first] = cells;
      note(`FNMR of a group at FMR ${far}`, first?.fnmr ?? {}, at.fnmr);
      note(`FMR of a group at FMR ${far}`, first?.fmr ?? {}, at.fmr);
      for (const gap of gaps) note(`gap of ${gap.kind} at FMR ${far}`, gap, 0);
    }
  }
  return [...counts].map(([figure, each]) => ({ figure, ...each }));
}
