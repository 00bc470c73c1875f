import { Random } from '../../../core/random.ts';
import { planComparison } from './block-plan.ts';
import { type Checkpoint, type CountingPass, countPairs } from './count-pairs.ts';
import { measures } from './exact-score.ts';
import {
  type AcceptanceThreshold,
  type CountedTail,
  emptyTail,
  estimatedPlan,
  type ImpostorScores,
  joinedTail,
  provenPlan,
  type SavedTail,
  type TailPlan,
  thresholdIn,
} from './impostor-tail.ts';
import { type CountedPairs, countsFew, type CountingTask } from './pair-counter.ts';
import { scoreBins } from './score-bins.ts';

/** `sample`: some strips; `all`: every strip for the first time; `again`: every strip once more, which is seldom needed. */
export type PassKind = 'sample' | 'all' | 'again';

/** Pairs of a pass: how many are done, of how many. */
export type PassProgress = (done: number, total: number, kind: PassKind) => void;

/** Where a search goes on after an interruption. */
export interface SavedSearch {
  readonly kind: 'all' | 'again';
  readonly nextStrip: number;
  readonly tail: SavedTail;
  /** As `CountedPairs` has them, of the pass. */
  readonly acceptedOfRows: Uint32Array;
  readonly state: SearchState;
}

/** What is known between passes. */
export interface SearchState {
  /** Thresholds that were found. */
  readonly found: readonly AcceptanceThreshold[];
  /** Whole passes so far. */
  readonly passes: number;
  /** Of the sampled strips; empty where there is no sample. */
  readonly sample: Float64Array;
  /** Of all strips, as far down as any pass has counted. */
  readonly counted?: CountedTail;
  /** As `CountedPairs` has them, of the first whole pass. */
  readonly acceptedOfRows?: Uint32Array;
}

export interface SearchCheckpoint {
  readonly everyMs: number;
  readonly save: (search: SavedSearch) => void;
}

export interface ThresholdSearch extends Pick<CountingPass, 'counters' | 'left' | 'right' | 'signal'> {
  /** The mates, and what is accepted by row, are those of the first whole pass. */
  readonly task: Omit<CountingTask, 'tail'>;
  /** Impostor pairs, of which the rates are shares; those that are compared. */
  readonly pairs: Pick<ImpostorScores, 'pairs' | 'counted'>;
  readonly rates: readonly number[];
  readonly seed: number;
  readonly onProgress: PassProgress;
  readonly resume?: SavedSearch | undefined;
  readonly checkpoint?: SearchCheckpoint | undefined;
}

export interface FoundThresholds {
  /** In the order of the rates. */
  readonly thresholds: readonly AcceptanceThreshold[];
  /**
   * How many impostor scores are in each bin of score-bins.ts. Far below all thresholds, at the false acceptance rates above those that are asked for, it is
   * the sample that tells, scaled.
   */
  readonly histogram: Float64Array;
  /** As `CountedPairs` has them. */
  readonly ranks: Uint32Array;
  /** As `CountedPairs` has them. */
  readonly acceptedOfRows: Uint32Array;
  readonly passes: number;
  /** Pairs, of all that were counted, whose scores products of whole numbers have told to be too low to matter; those of an earlier run left out. */
  readonly ruledOut: number;
}

/** With fewer strips a sample would be most of them. */
const fewestStrips = 24;
/** One strip in so many is sampled, but not fewer than a few. */
const sampleShare = 100;
const fewestSampled = 4;

/** The thresholds of rates over all pairs: see impostor-tail.ts. */
export async function findThresholds(search: ThresholdSearch): Promise<FoundThresholds> {
  const { rates, task, pairs } = search;
  const scores: ImpostorScores = { ...pairs, shift: measures[task.measure].shift, error: task.error };
  let resume = search.resume;
  let state = resume?.state;
  let plan: TailPlan | undefined;
  let ranks = new Uint32Array(0);
  let ruledOut = 0;
  if (state === undefined) {
    const sample = await sampled(search);
    state = { found: [], passes: 0, sample };
    plan = sample.length === 0 ? undefined : estimatedPlan(sample, rates, scores);
  }
  for (let missing = rates; missing.length > 0; missing = missingOf(rates, state)) {
    if (state.passes > mostPasses)
      throw new Error(`the threshold of ${missing.join(', ')} is not where the counts say it is`);
    if (state.counted !== undefined) plan = provenPlan(state.counted, missing, scores);
    const before = resume?.tail ?? emptyTail(plan ?? everything);
    const acceptedBefore = resume?.acceptedOfRows ?? new Uint32Array(0);
    const counted = await wholePass(search, {
      ...{ state, before, acceptedBefore, firstStrip: resume?.nextStrip ?? 0 },
    });
    resume = undefined;
    ruledOut += counted.reduce((sum, each) => sum + each.ruledOut, 0);
    const tail = joinedTail(before, counted);
    if (state.passes === 0) {
      ranks = sumOf(counted.map((each) => each.ranks));
      state = { ...state, acceptedOfRows: acceptedIn(acceptedBefore, counted) };
    }
    const found = missing.map((rate) => thresholdIn(tail, scores, rate)).filter((threshold) => threshold !== undefined);
    state = {
      ...state,
      ...{ passes: state.passes + 1, found: [...state.found, ...found] },
      // The pass that goes farthest down tells most.
      counted: state.counted === undefined || tail.least < state.counted.least ? tail : state.counted,
    };
  }
  const { found, counted, sample, passes, acceptedOfRows = new Uint32Array(0) } = state;
  const thresholds = rates.flatMap((rate) => found.find(({ far }) => far === rate) ?? []);
  const histogram = completed(counted ?? { histogram: sample, least: 0 }, sample, scores.counted);
  return { thresholds, passes, histogram, ranks, acceptedOfRows, ruledOut };
}

/** Counts all scores and keeps none: of a first pass without a sample, or of one that has to go farther down. */
const everything: TailPlan = { ranges: [], least: 0 };
/** A pass that misses, one that counts everything, and one that keeps what that has proven. */
const mostPasses = 3;

function missingOf(rates: readonly number[], { found }: SearchState): readonly number[] {
  return rates.filter((rate) => !found.some(({ far }) => far === rate));
}

/** Counts of the same things, added; those that have counted nothing are empty. */
function sumOf(counts: readonly Uint32Array[]): Uint32Array<ArrayBuffer> {
  const [first, ...others] = counts.filter(({ length }) => length > 0);
  const sum = Uint32Array.from(first ?? []);
  for (const each of others) for (const [place, count] of each.entries()) sum[place] = (sum[place] ?? 0) + count;
  return sum;
}

function acceptedIn(before: Uint32Array, counted: readonly CountedPairs[]): Uint32Array {
  return sumOf([before, ...counted.map(({ acceptedOfRows }) => acceptedOfRows)]);
}

/** What a sample of the strips counts; empty if there are too few to draw from. */
async function sampled(search: ThresholdSearch): Promise<Float64Array> {
  const { left, right, seed, task } = search;
  const { count: strips } = planComparison(left.rows, right?.rows);
  if (strips < fewestStrips) return new Float64Array(0);
  const chosen = drawStrips(strips, Math.max(fewestSampled, Math.ceil(strips / sampleShare)), seed);
  const counted = await countPairs({
    ...passOf(search, 'sample'),
    task: { ...task, mates: [], accepting: undefined, tail: everything },
    only: (strip) => chosen.has(strip),
  });
  return joinedTail(emptyTail(everything), counted).histogram;
}

/** The counts of a pass, and below them those of the sample, so scaled that all are as many as were compared. */
function completed({ histogram, least }: CountedTail, sample: Float64Array, all: number): Float64Array {
  const own = histogram.map((count, bin) => (bin >= Math.max(1, least) ? count : 0));
  const missing = all - total(own);
  const below = sample.map((count, bin) => (bin >= 1 && bin < least ? count : 0));
  const scale = missing / Math.max(1, total(below));
  for (const [bin, count] of below.entries()) if (count > 0) own[bin] = count * scale;
  return own;
}

function total(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function drawStrips(strips: number, count: number, seed: number): ReadonlySet<number> {
  const random = Random.derive(seed, 'sampled strips');
  const chosen = new Set<number>();
  while (chosen.size < count) chosen.add(random.integer(strips));
  return chosen;
}

interface WholePass {
  readonly state: SearchState;
  /** Counted in an earlier run. */
  readonly before: SavedTail;
  readonly acceptedBefore: Uint32Array;
  readonly firstStrip: number;
}

function wholePass(
  search: ThresholdSearch,
  { state, before, acceptedBefore, firstStrip }: WholePass,
): Promise<readonly CountedPairs[]> {
  const { task, checkpoint } = search;
  const kind = state.passes === 0 ? 'all' : 'again';
  const saving: Checkpoint | undefined = checkpoint && {
    everyMs: checkpoint.everyMs,
    save(nextStrip, counts) {
      const acceptedOfRows = acceptedIn(acceptedBefore, counts);
      checkpoint.save({ kind, nextStrip, tail: joinedTail(before, counts), acceptedOfRows, state });
    },
  };
  const { ranges, least } = before;
  const counted = state.counted ?? { histogram: state.sample, least: 0 };
  // Ranked once, however often scores are counted.
  const own: Omit<CountingTask, 'countsFew'> = {
    ...task,
    ...(kind === 'all' ? {} : { mates: [], accepting: undefined }),
    tail: { ranges, least },
  };
  return countPairs({
    ...passOf(search, kind),
    task: { ...own, countsFew: countsFew(own, completed(counted, state.sample, search.pairs.counted)) },
    firstStrip,
    checkpoint: saving,
  });
}

function passOf(
  { counters, left, right, signal, onProgress }: ThresholdSearch,
  kind: PassKind,
): Omit<CountingPass, 'task'> {
  return {
    ...{ counters, left, right, signal },
    onProgress: (done, total) => {
      onProgress(done, total, kind);
    },
  };
}

/** The share of scores that are at least as high as each bin begins, from the highest bin down to where the share is `most`. */
export function acceptanceByBin(
  histogram: Float64Array,
  most: number,
): readonly (readonly [bin: number, share: number])[] {
  let total = 0;
  for (let bin = 1; bin < scoreBins.count; bin += 1) total += histogram[bin] ?? 0;
  const shares: (readonly [number, number])[] = [];
  let above = 0;
  for (let bin = scoreBins.count - 1; bin >= 1 && above <= most * total; bin -= 1) {
    const count = histogram[bin] ?? 0;
    if (count === 0) continue;
    above += count;
    shares.push([bin, above / total]);
  }
  return shares;
}
