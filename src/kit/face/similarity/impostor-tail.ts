import { CountedValues, type SavedValues } from './counted-values.ts';
import { binEdge, edgeError, leftOut, scoreBins, type ScoreScan } from './score-scan.ts';
import type { ScoreBlock } from './visit-scores.ts';

/*
 * The thresholds at which few of very many impostor scores are accepted, exactly, in one pass over the blocks if all goes well. A
 * sample of the blocks tells about where each threshold is; around it the scores of the pass are computed exactly and
 * kept, everywhere else they are counted in bins. The counts prove afterwards whether the threshold is among those that were kept; if
 * not, they say where it is, and another pass over the blocks keeps the right ones.
 */

/** Bins, the end not included. */
export type BinRange = readonly [first: number, end: number];

/** What pairs of a block are, and how close they are. */
export interface ImpostorScores {
  /** Impostor pairs, of which the rates are shares. */
  readonly pairs: number;
  /** Those that are in the blocks; the others are farther than any that could be accepted. */
  readonly counted: number;
  /** How close the pair of a block is, in float64; the greater, the closer. */
  readonly exact: (block: ScoreBlock, row: number, column: number) => number;
  /** A score is the exact one and `shift`, but for at most `error`. */
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

export interface SavedTail extends TailPlan {
  readonly histogram: Float64Array;
  readonly kept: readonly SavedValues[];
}

/** One pass over blocks of scores. */
export class ImpostorTail {
  readonly #scan: ScoreScan;
  readonly #scores: ImpostorScores;
  readonly #plan: TailPlan;
  readonly #histogram: Float64Array;
  readonly #kept: readonly CountedValues[];
  #rows = 0;

  /** What was saved of a pass that was interrupted continues it. */
  constructor(scan: ScoreScan, scores: ImpostorScores, from: TailPlan | SavedTail) {
    this.#scan = scan;
    this.#scores = scores;
    this.#plan = { ranges: from.ranges, least: from.least };
    this.#histogram = 'kept' in from ? from.histogram : new Float64Array(scoreBins.count);
    this.#kept =
      'kept' in from
        ? from.kept.map((values) => CountedValues.restore(values))
        : from.ranges.map(() => new CountedValues());
    // What an earlier pass has left is not of this one.
    scan.takeHistogram(new Float64Array(scoreBins.count));
    scan.mark(from.ranges, from.least);
  }

  /** Counts the scores of a row of a block, which has been computed into the target of the scan; pairs that are no impostors are `leftOut`. */
  addRow(block: ScoreBlock, row: number): void {
    const { right, diagonal } = block;
    const first = diagonal ? row + 1 : 0;
    const start = row * right.count;
    const found = this.#scan.tally(start + first, start + right.count);
    for (let index = 0; index < found; index += 1) {
      const score = this.#scan.foundScores[2 * index + 1] ?? 0;
      const column = first + (this.#scan.foundColumns[2 * index] ?? 0);
      this.#keep(score, this.#scores.exact(block, row, column));
    }
    this.#rows += 1;
    if (this.#rows % rowsPerTake === 0) this.#scan.takeHistogram(this.#histogram);
  }

  /** Scores below this bin were not counted. */
  get least(): number {
    return this.#plan.least;
  }

  save(): SavedTail {
    this.#scan.takeHistogram(this.#histogram);
    return { ...this.#plan, histogram: this.#histogram, kept: this.#kept.map((values) => values.save()) };
  }

  /** How many scores each bin has from the least on; the first bin is of pairs that are left out. */
  histogram(): Float64Array {
    this.#scan.takeHistogram(this.#histogram);
    return this.#histogram;
  }

  /** The threshold of a rate, or undefined if it was not among the scores that were kept. */
  threshold(far: number): AcceptanceThreshold | undefined {
    const { pairs, counted, shift, error } = this.#scores;
    const allowed = acceptedAt(far, pairs);
    const isMeasurable = allowed > 0;
    if (allowed >= counted) {
      return { far, closeness: -Infinity, accepted: counted, reached: counted / pairs, isMeasurable };
    }
    for (const [index, [first, end]] of this.#plan.ranges.entries()) {
      const above = countFrom(this.histogram(), end);
      const closeness = this.#kept[index]?.at(allowed - above);
      if (above > allowed || closeness === undefined) continue;
      // Scores outside of the range might be closer, or less close, than their bin says.
      const sure = error + edgeError;
      const reachesTop = end === scoreBins.count || closeness + shift <= binEdge(end) - sure;
      if (closeness + shift < binEdge(first) + sure || !reachesTop) continue;
      const accepted = above + (this.#kept[index]?.above(closeness) ?? 0);
      return { far, closeness, accepted, reached: accepted / pairs, isMeasurable };
    }
    return undefined;
  }

  #keep(score: number, exact: number): void {
    // Ranges are few. The score is in one of them; which one its bin tells but for the width of an edge.
    for (const [index, [first, end]] of this.#plan.ranges.entries()) {
      if (score < binEdge(first) - edgeError || score > binEdge(end) + edgeError) continue;
      this.#kept[index]?.add(exact);
      return;
    }
  }
}

/** A row is at most 2,048 scores: far fewer than the 2^32 that a bin counts to. */
const rowsPerTake = 1 << 20;

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

/** Leaves a pair out of what is counted. */
export function leaveOut({ scores, right }: ScoreBlock, row: number, column: number): void {
  scores[row * right.count + column] = leftOut;
}
