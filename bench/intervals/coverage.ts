import { accuracyDifference } from '../../src/kit/face/uncertainty/accuracy-difference.ts';
import type { Measured } from '../../src/kit/face/uncertainty/measured.ts';
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
}

/** How often the intervals of simulated sets hold what is known to be true. */
export function coverageOf({ design, sets, draws, rates }: CoverageRequest): readonly Coverage[] {
  const truth = truthOf(design);
  const counts = new Map<string, { held: number; below: number; above: number }>();
  const note = (figure: string, { interval }: Pick<Measured, 'interval'>, value: number): void => {
    const of = counts.get(figure) ?? { held: 0, below: 0, above: 0 };
    counts.set(figure, of);
    if (interval === undefined) throw new Error(`${figure} has no interval`);
    if (interval.high < value) of.below += 1;
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
  }
  return [...counts].map(([figure, each]) => ({ figure, ...each }));
}
