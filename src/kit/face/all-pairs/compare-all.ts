import { exactScore, scoreError } from '../similarity/exact-score.ts';
import {
  findThresholds,
  type PassProgress,
  type SavedSearch,
  type SearchCheckpoint,
} from '../similarity/find-thresholds.ts';
import type { AcceptanceThreshold } from '../similarity/impostor-tail.ts';
import type { PairCounters } from '../similarity/pair-counters.ts';
import type { PersonRows } from '../similarity/person-rows.ts';
import { lengthTolerance } from '../similarity/stored-vectors.ts';
import { chosenVectors, type VectorSource } from '../similarity/vector-source.ts';
import type { Interval } from '../uncertainty/proportion.ts';
import { type HeldRates, heldRates, type HeldThreshold } from './held-rates.ts';
import { rateIntervals } from '../uncertainty/rate-intervals.ts';

/** How many of the pairs of one person are accepted where few of the others are. */
export interface AllPairsPoint extends AcceptanceThreshold {
  /** The true acceptance rate (TAR, 1 - FNMR). */
  readonly tar: number;
  /** 95 %, over draws of the people; without one if there are fewer than ten. */
  readonly interval?: Interval;
}

export interface AllPairsResult {
  readonly images: number;
  readonly people: number;
  readonly samePairs: number;
  readonly differentPairs: number;
  readonly points: readonly AllPairsPoint[];
  /** At the thresholds that are held, in their order. */
  readonly held: readonly HeldRates[];
  /** Of the scores of different people, in the bins of score-bins.ts. */
  readonly histogram: Float64Array;
  /** Scores of the pairs of one person, descending. */
  readonly sameScores: Float64Array;
  /** How often all blocks were computed: 1, or 2 where the sample of the first pass was misleading or too small. */
  readonly passes: number;
  /** Pairs of all passes that whole numbers have ruled out; those of an earlier run left out. */
  readonly ruledOut: number;
}

export interface AllPairsRequest {
  readonly source: VectorSource;
  /** Of each row. */
  readonly people: PersonRows;
  readonly counters: PairCounters;
  readonly rates: readonly number[];
  /** Thresholds of other pairs that these are decided at too; none unless given. At one that accepts many the comparison takes longer: {@link isHoldable}. */
  readonly held?: readonly HeldThreshold[];
  /** For the intervals; 0: none. */
  readonly draws: number;
  readonly seed: number;
  readonly resume?: SavedSearch | undefined;
  readonly signal: AbortSignal;
  readonly checkpoint?: SearchCheckpoint | undefined;
  /** Pairs of a pass: how many are done, of how many. */
  readonly onProgress: PassProgress;
}

/** Compares every row with every other: the 1:1 protocol of the MFR challenges of insightface, on one's own images. */
export async function compareAll(request: AllPairsRequest): Promise<AllPairsResult> {
  const { source, people, rates, draws, seed, held = [] } = request;
  const same = await samePeople(source, people, request.signal);
  const { columns, rows } = source;
  const differentPairs = (rows * (rows - 1)) / 2 - people.samePairs;
  const { counters, signal, onProgress, resume, checkpoint } = request;
  const { thresholds, histogram, passes, acceptedOfRows, ruledOut } = await findThresholds({
    task: {
      ...{ columns, measure: 'cosine', mates: [], people: people.index },
      accepting: held.length === 0 ? undefined : held.map(({ closeness }) => closeness),
      error: scoreError(columns, 1 + lengthTolerance),
    },
    pairs: { pairs: differentPairs, counted: differentPairs },
    ...{ counters, left: source, rates, seed, signal, onProgress, resume, checkpoint },
  });
  const accepted = thresholds.map(({ closeness }) => acceptedByPerson(same, closeness));
  const intervals = draws === 0 ? [] : rateIntervals({ trials: same.trials, successes: accepted }, { draws, seed });
  const points = thresholds.map((threshold, index): AllPairsPoint => {
    const interval = intervals[index];
    const tar = (accepted[index] ?? new Float64Array()).reduce((sum, count) => sum + count, 0) / people.samePairs;
    return { ...threshold, tar, ...(interval && { interval }) };
  });
  const sameScores = same.scores.slice().sort().reverse();
  return {
    ...{ images: rows, people: people.people, samePairs: people.samePairs, differentPairs },
    ...{ points, histogram, sameScores, passes, ruledOut },
    held: heldRates({
      ...{ thresholds: held, people, trials: same.trials, acceptedOfRows, draws, seed },
      accepted: held.map(({ closeness }) => acceptedByPerson(same, closeness)),
    }),
  };
}

/** Accepted pairs are computed one by one: of more than these, and more than one in a hundred, that would take longer than all the others. */
const [fewAccepted, fewShare] = [4e6, 0.01];

/** Whether it takes little to hold a threshold. */
export function isHoldable({ pairs, reached }: HeldThreshold): boolean {
  return reached * pairs <= fewAccepted || reached <= fewShare;
}

/** Scores of the pairs of one person, person after person. */
interface SameScores {
  readonly scores: Float64Array;
  /** Pairs of each person. */
  readonly trials: Float64Array;
}

async function samePeople(source: VectorSource, people: PersonRows, signal: AbortSignal): Promise<SameScores> {
  const { columns } = source;
  const scores = new Float64Array(people.samePairs);
  const trials = new Float64Array(people.people);
  let pair = 0;
  for (let person = 0; person < people.people; person += 1) {
    const rows = people.rowsOf(person);
    if (rows.length < 2) continue;
    signal.throwIfAborted();
    const values = await chosenVectors(source, rows).read(0, rows.length);
    for (let first = 0; first < rows.length; first += 1) {
      for (let second = first + 1; second < rows.length; second += 1) {
        scores[pair] = exactScore({ values, at: first * columns }, { values, at: second * columns }, columns);
        pair += 1;
      }
    }
    trials[person] = (rows.length * (rows.length - 1)) / 2;
  }
  return { scores, trials };
}

function acceptedByPerson({ scores, trials }: SameScores, closeness: number): Float64Array {
  let pair = 0;
  return trials.map((count) => {
    let accepted = 0;
    for (const end = pair + count; pair < end; pair += 1) if ((scores[pair] ?? 0) > closeness) accepted += 1;
    return accepted;
  });
}
