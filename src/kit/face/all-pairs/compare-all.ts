import { planBlocks } from '../similarity/block-plan.ts';
import { exactScore, scoreError } from '../similarity/exact-score.ts';
import { findThresholds, type Pass, type PassProgress, type SavedSearch } from '../similarity/find-thresholds.ts';
import { type AcceptanceThreshold, type ImpostorScores, leaveOut } from '../similarity/impostor-tail.ts';
import type { Products } from '../similarity/products.ts';
import type { ScoreScan } from '../similarity/score-scan.ts';
import { chosenVectors, type VectorSource } from '../similarity/vector-source.ts';
import { type ScoreBlock, visitScores } from '../similarity/visit-scores.ts';
import { lengthTolerance } from '../similarity/stored-vectors.ts';
import type { Interval } from '../uncertainty/proportion.ts';
import { rateIntervals } from '../uncertainty/rate-intervals.ts';
import { firstFrom, type PersonRows } from './person-rows.ts';

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
  /** Of the scores of different people, in the bins of score-scan.ts. */
  readonly histogram: Float64Array;
  /** Scores of the pairs of one person, descending. */
  readonly sameScores: Float64Array;
  /** How often all blocks were computed: 1, or 2 where the sample of the first pass was misleading or too small. */
  readonly passes: number;
}

export interface AllPairsRequest {
  readonly source: VectorSource;
  /** Of each row. */
  readonly people: PersonRows;
  readonly products: Products;
  readonly scan: ScoreScan;
  readonly rates: readonly number[];
  /** For the intervals; 0: none. */
  readonly draws: number;
  readonly seed: number;
  readonly resume?: SavedSearch | undefined;
  readonly signal: AbortSignal;
  readonly onBlock?: (save: () => SavedSearch) => void;
  /** Pairs of a pass: how many are done, of how many. */
  readonly onProgress: PassProgress;
}

/** Compares every row with every other: the 1:1 protocol of the MFR challenges of insightface, on one's own images. */
export async function compareAll(request: AllPairsRequest): Promise<AllPairsResult> {
  const { source, people, rates, draws, seed } = request;
  const same = await samePeople(source, people, request.signal);
  const { columns, rows } = source;
  const differentPairs = (rows * (rows - 1)) / 2 - people.samePairs;
  const scores: ImpostorScores = {
    pairs: differentPairs,
    counted: differentPairs,
    exact: ({ left, right }, row, column) =>
      exactScore({ values: left.values, at: row * columns }, { values: right.values, at: column * columns }, columns),
    shift: 0,
    error: scoreError(columns, 1 + lengthTolerance),
  };
  const blocks = planBlocks(rows, undefined).count;
  const { scan, resume, onBlock } = request;
  const visit = (pass: Pass): Promise<void> => visitPass(request, pass);
  const search = { scan, scores, rates, blocks, seed, resume, visit, ...(onBlock && { onBlock }) };
  const { thresholds, histogram, passes } = await findThresholds(search);
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
    ...{ points, histogram, sameScores, passes },
  };
}

async function visitPass(
  { source, products, scan, people, signal, onProgress }: AllPairsRequest,
  pass: Pass,
): Promise<void> {
  const { kind, firstBlock, only, add } = pass;
  await visitScores({
    ...{ products, left: source, target: scan.target, firstBlock, signal, ...(only && { only }) },
    visit(block) {
      leaveOutSame(block, people);
      add(block);
    },
    onProgress: (done, total) => {
      onProgress(done, total, kind);
    },
  });
}

function leaveOutSame(block: ScoreBlock, people: PersonRows): void {
  const { left, right } = block;
  for (let row = 0; row < left.count; row += 1) {
    const own = people.rowsOf(people.person[left.start + row] ?? 0);
    for (let at = firstFrom(own, right.start); at < own.length; at += 1) {
      const column = (own[at] ?? 0) - right.start;
      if (column >= right.count) break;
      leaveOut(block, row, column);
    }
  }
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
