import { CountedValues, type SavedValues } from './counted-values.ts';
import { binEdge, edgeError, scoreBins } from './score-bins.ts';

/*
 * The thresholds at which few of very many impostor scores are accepted, exactly, in one pass over the pairs if all goes well. A
 * sample of them tells about where each threshold is; around it the scores of the pass are computed exactly and
 * kept, everywhere else they are counted in bins. The counts prove afterwards whether the threshold is among those that were kept; if
 * not, they say where it is, and another pass keeps the right ones.
 */

/** Bins, the end not included. */
export type BinRange = readonly [first: number, end: number];

/** The pairs whose scores are counted. */
export interface ImpostorScores {
  /** Impostor pairs, of which the rates are shares. */
  readonly pairs: number;
  /** Those that are compared; the others are farther than any that could be accepted. */
  readonly counted: number;
  /** A score is the exact closeness and `shift`, but for at most `error`. */
  readonly shift: number;
  readonly error: number;
}

/** Where the false acceptance rate stays at or below a target. */
export interface AcceptanceThreshold {
  readonly far: number;
  /** Pairs that are closer are accepted: the closeness of the closest impostor that is not. -Infinity: all are accepted. */
  readonly closeness: number;
  /** Impostors that are accepted; fewer than the target allows where several are equally close. */
  readonly accepted: number;
  /** The rate that is reached. */
  readonly reached: number;
  /** A single impostor is more than the target: it cannot be measured on so few. */
  readonly isMeasurable: boolean;
}

/** What a pass looks for. */
export interface TailPlan {
  /** Scores in these bins are kept; the ranges are apart and rising. */
  readonly ranges: readonly BinRange[];
  /** Scores below this bin are not counted. */
  readonly least: number;
}

/** What has been counted of a pass. */
export interface TailCounts {
  /** How many scores each bin has, from the least on. */
  readonly histogram: Float64Array;
  /** The closeness of those that are in each range. */
  readonly kept: readonly SavedValues[];
}

export interface SavedTail extends TailPlan, TailCounts {}

/** Nothing counted yet. */
export function emptyTail({ ranges, least }: TailPlan): SavedTail {
  const none = { values: new Float64Array(0), counts: new Float64Array(0) };
  return { ranges, least, histogram: new Float64Array(scoreBins.count), kept: ranges.map(() => none) };
}

/** What several have counted of one pass. */
export function joinedTail(tail: SavedTail, others: readonly TailCounts[]): SavedTail {
  const histogram = tail.histogram.slice();
  const kept = tail.kept.map((values) => CountedValues.restore(values));
  for (const other of others) {
    for (const [bin, count] of other.histogram.entries()) histogram[bin] = (histogram[bin] ?? 0) + count;
    for (const [index, values] of kept.entries()) {
      const found = other.kept[index];
      if (found !== undefined) values.merge(found);
    }
  }
  return { ...tail, histogram, kept: kept.map((values) => values.save()) };
}

/** The range that a score is in, or undefined. Which one its bin tells but for the width of an edge. */
export function rangeOf(ranges: readonly BinRange[], score: number): number | undefined {
  const index = ranges.findIndex(
    ([first, end]) => score >= binEdge(first) - edgeError && score <= binEdge(end) + edgeError,
  );
  return index < 0 ? undefined : index;
}

/** The threshold of a rate, or undefined if it was not among the scores that were kept. */
export function thresholdIn(tail: SavedTail, scores: ImpostorScores, far: number): AcceptanceThreshold | undefined {
  const { pairs, counted, shift, error } = scores;
  const allowed = acceptedAt(far, pairs);
  const isMeasurable = allowed > 0;
  if (allowed >= counted) {
    return { far, closeness: -Infinity, accepted: counted, reached: counted / pairs, isMeasurable };
  }
  for (const [index, [first, end]] of tail.ranges.entries()) {
    const above = countFrom(tail.histogram, end);
    const saved = tail.kept[index];
    if (above > allowed || saved === undefined) continue;
    const kept = CountedValues.restore(saved);
    const closeness = kept.at(allowed - above);
    if (closeness === undefined) continue;
    // Scores outside of the range might be closer, or less close, than their bin says.
    const sure = error + edgeError;
    const reachesTop = end === scoreBins.count || closeness + shift <= binEdge(end) - sure;
    if (closeness + shift < binEdge(first) + sure || !reachesTop) continue;
    const accepted = above + kept.above(closeness);
    return { far, closeness, accepted, reached: accepted / pairs, isMeasurable };
  }
  return undefined;
}

/** How many impostors a rate allows. */
export function acceptedAt(far: number, pairs: number): number {
  let allowed = Math.floor(far * pairs);
  while (allowed > 0 && allowed / pairs > far) allowed -= 1;
  while (allowed < pairs && (allowed + 1) / pairs <= far) allowed += 1;
  return allowed;
}

function countFrom(histogram: Float64Array, first: number): number {
  let sum = 0;
  for (let bin = first; bin < histogram.length; bin += 1) sum += histogram[bin] ?? 0;
  return sum;
}

/** Bins on both sides that scores may be off by. */
function marginOf(error: number): number {
  return Math.ceil((error + edgeError) * scoreBins.perUnit) + 1;
}

/** A sample tells the part of a curve above this rate, which is not counted where no threshold is sought there. */
const countedRate = 1e-3;

/** Of a sample of the blocks, the ranges in which the thresholds of rates probably are. */
export function estimatedPlan(
  sample: Float64Array,
  rates: readonly number[],
  { pairs, counted, error }: ImpostorScores,
): TailPlan {
  const drawn = countFrom(sample, 1);
  const ranges = rates.map((far): BinRange => {
    const expected = (acceptedAt(far, pairs) / Math.max(1, counted)) * drawn;
    // Blocks are not independent draws of pairs: their people are the same. So it is much wider than chance alone would ask for.
    const chance = 1 / Math.sqrt(Math.max(1, expected));
    const share = Math.min(0.02 + 10 * chance, Math.max(mostKept / Math.max(1, far * pairs), 5 * chance));
    return rangeBetween(sample, expected * (1 - share) - 20, expected * (1 + share) + 20);
  });
  const wide = merged(ranges, error);
  const [first] = rangeBetween(sample, 0, countedRate * drawn);
  return { ranges: wide, least: Math.min(first, ...wide.map(([begin]) => begin)) };
}

/** Where the thresholds of rates are, as the bins of a whole pass say; undefined if that has not counted so far down. */
export function provenPlan(
  { histogram, least }: CountedTail,
  rates: readonly number[],
  { pairs, error }: ImpostorScores,
): TailPlan | undefined {
  const counted = countFrom(histogram, Math.max(1, least));
  const allowed = rates.map((far) => acceptedAt(far, pairs));
  if (allowed.some((each) => each + 1 > counted)) return undefined;
  const ranges = merged(
    allowed.map((each) => rangeBetween(histogram, each, each + 1)),
    error,
  );
  return { ranges, least: Math.min(...ranges.map(([first]) => first)) };
}

/** What a whole pass has counted. */
export interface CountedTail {
  readonly histogram: Float64Array;
  readonly least: number;
}

/** So many scores on either side of a threshold are kept at most, unless the sample tells too little. */
const mostKept = 4e6;

/** The bins between the one that the `low`-th score from the greatest is in, and that of the `high`-th. */
function rangeBetween(histogram: Float64Array, low: number, high: number): BinRange {
  let above = 0;
  let end = histogram.length;
  for (let bin = histogram.length - 1; bin >= 1; bin -= 1) {
    const from = above + (histogram[bin] ?? 0);
    if (above <= low) end = bin + 1;
    if (from >= high) return [bin, end];
    above = from;
  }
  return [1, end];
}

/** Widened by the error of scores; those that touch are one. */
function merged(ranges: readonly BinRange[], error: number): readonly BinRange[] {
  const margin = marginOf(error);
  const wide = ranges.map(([first, end]): [number, number] => [
    Math.max(1, first - margin),
    Math.min(scoreBins.count, end + margin),
  ]);
  const rising = wide.sort(([one], [other]) => one - other);
  const result: [number, number][] = [];
  for (const range of rising) {
    const last = result.at(-1);
    // One bin between keeps a score at an edge out of two ranges at once.
    if (last !== undefined && range[0] <= last[1] + 1) last[1] = Math.max(last[1], range[1]);
    else result.push([...range]);
  }
  return result;
}
