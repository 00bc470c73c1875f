import { type Measure, measures } from './exact-score.ts';
import type { BinRange, TailPlan } from './impostor-tail.ts';
import type { PersonIndex } from './person-rows.ts';
import { binBelow, scoreBins } from './score-bins.ts';

/** What is counted of all pairs of a left and a right row. */
export interface CountingTask {
  readonly columns: number;
  readonly measure: Measure;
  /** By how much a score may differ from the closeness and the shift of the measure. */
  readonly error: number;
  readonly tail: TailPlan;
  /** Few scores are counted and kept, as {@link countsFew} has it: each of them is computed again, so that it is the same whatever has computed the products. */
  readonly countsFew?: boolean | undefined;
  /** For each right row the closeness that left rows are ranked by, rising; none: there are no ranks. */
  readonly mates: readonly Float64Array[];
  /** One matrix is compared with itself: the left row is less than the right one, and they are not of one person. */
  readonly people?: PersonIndex | undefined;
  /** Of one matrix with itself: how often each row is closer than exactly these to another one. Every such pair is computed exactly: no more than a few in a hundred. */
  readonly accepting?: readonly number[] | undefined;
}

/** Bins whose scores are found: those of the plan, and all that may be closer than a threshold. */
export function lookedFor({ tail, accepting = [], measure, error }: LookedFor): Pick<TailPlan, 'ranges' | 'least'> {
  if (accepting.length === 0) return tail;
  const first = binBelow(Math.min(...accepting) + measures[measure].shift - error);
  const below = tail.ranges.flatMap(([begin, end]): BinRange[] =>
    begin < first ? [[begin, Math.min(end, first)]] : [],
  );
  return { ranges: [...below, [first, scoreBins.count]], least: Math.min(tail.least, first) };
}

type LookedFor = Pick<CountingTask, 'tail' | 'accepting' | 'measure' | 'error'>;

/** To compute so many of all scores again takes a few hundredths of the time of their products. */
const fewShare = 1 / 64;

/** Whether few scores would be counted, as the histogram of those that are like them tells. */
export function countsFew(task: LookedFor, histogram: Float64Array): boolean {
  const { least } = lookedFor(task);
  let [counted, all] = [0, 0];
  for (let bin = 1; bin < histogram.length; bin += 1) {
    all += histogram[bin] ?? 0;
    if (bin >= least) counted += histogram[bin] ?? 0;
  }
  return counted <= fewShare * all && all > 0;
}
