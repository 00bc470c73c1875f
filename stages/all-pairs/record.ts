import type { AllPairsPoint, AllPairsResult } from '../../src/kit/face/all-pairs/compare-all.ts';
import type { HeldRates } from '../../src/kit/face/all-pairs/held-rates.ts';
import type { GroupRate } from '../../src/kit/face/groups/group-rates.ts';
import { chartDocument } from '../../src/kit/draw/chart-document.ts';
import type { Point } from '../../src/kit/draw/points.ts';
import { thinByDecade, tradeOff } from '../../src/kit/face/similarity/trade-off.ts';
import type { StageEvent } from '../../src/stage-api/stage.ts';

/** What all-pairs.json has for all images, and for each group. */
export interface PartRecord extends Omit<AllPairsResult, 'histogram' | 'sameScores' | 'points' | 'held'> {
  /** Undefined: all images. */
  readonly group?: string;
  readonly points: readonly PointRecord[];
  /** Of a group: its rates at the thresholds of all images. */
  readonly atOneThreshold?: readonly HeldRates[];
  /** FAR and TAR, from low to high: thresholds at edges of bins of 2^-15, scores in float32. */
  readonly curve: readonly Point[];
}

export interface PointRecord extends Omit<AllPairsPoint, 'closeness'> {
  /** Pairs with a greater score are accepted; absent where all are. */
  readonly threshold?: number;
}

/** So many points of a curve for each power of ten. */
const pointsPerDecade = 32;

export function partRecord(group: string | undefined, result: AllPairsResult): PartRecord {
  const { histogram, sameScores, points, held, ...facts } = result;
  return {
    ...(group === undefined ? {} : { group }),
    ...facts,
    points: points.map(({ closeness, ...point }) => ({
      ...point,
      ...(closeness === -Infinity ? {} : { threshold: closeness }),
    })),
    ...(group === undefined ? {} : { atOneThreshold: held }),
    curve: thinByDecade(tradeOff(histogram, sameScores), pointsPerDecade),
  };
}

/** All curves in one drawing. */
export function drawCurves(parts: readonly PartRecord[]): string {
  const lowest = Math.min(...parts.flatMap(({ differentPairs }) => 1 / differentPairs));
  const [whole] = parts;
  const measured = whole?.points.filter(({ isMeasurable }) => isMeasurable) ?? [];
  return chartDocument('TAR over FAR, all pairs', {
    summary: 'True acceptance rate over false acceptance rate, of all images and of each group',
    x: { label: 'false acceptance rate', domain: [lowest, 1], kind: 'log' },
    y: { label: 'true acceptance rate', domain: [0, 1] },
    series: [
      ...parts.slice(0, 6).map(({ group, curve, differentPairs }, colour) => ({
        name: group ?? `all images (${differentPairs.toExponential(1)} pairs)`,
        kind: 'line' as const,
        colour,
        points: curve,
      })),
      { name: '', kind: 'dots', colour: 0, points: measured.map(({ reached, tar }): Point => [reached, tar]) },
    ],
  });
}

/** One line per rate, for people. */
export function resultLines({
  group,
  points,
  samePairs,
  differentPairs,
  atOneThreshold = [],
}: PartRecord): readonly string[] {
  const name = group ?? 'all';
  const head = `${name}: ${samePairs} pairs of one person, ${differentPairs} of different people`;
  const lines = points.map(({ far, tar, interval, reached, accepted, threshold, isMeasurable }) => {
    if (!isMeasurable)
      return `${name}: TAR at FAR ${far} is not measurable on ${differentPairs} pairs, at most one in ${differentPairs} is`;
    const ends = interval === undefined ? '' : ` [${interval.low.toFixed(5)}, ${interval.high.toFixed(5)}]`;
    const at = threshold === undefined ? 'no threshold' : `threshold ${threshold.toFixed(6)}`;
    return `${name}: TAR ${tar.toFixed(5)}${ends} at FAR ${far}, reached ${reached.toExponential(4)} (${accepted} pairs), ${at}`;
  });
  const rate = ({ value, interval, errors, pairs }: GroupRate): string => {
    const ends = interval === undefined ? '' : ` [${shortRate(interval.low)}, ${shortRate(interval.high)}]`;
    return `${shortRate(value)}${ends} (${errors} of ${pairs})`;
  };
  const held = atOneThreshold.map(({ far, threshold, fnmr, fmr }) => {
    const at = `at the threshold of FAR ${far} of all images, ${threshold.toFixed(6)}`;
    return `${name}: FNMR ${rate(fnmr)}, FMR ${rate(fmr)} ${at}`;
  });
  return [head, ...lines, ...held];
}

/** Rates of matches are small: three digits, wherever they begin. */
function shortRate(rate: number): string {
  return rate === 0 ? '0' : String(Number(rate.toPrecision(3)));
}

/** The rule of 30 (ISO/IEC 19795-1): of fewer errors a rate is known to no better than 30 %. */
const fewErrors = 30;

/** Rates of a group that say little; undefined if all are of errors enough. */
export function fewErrorsWarning({ group, atOneThreshold = [] }: PartRecord): string | undefined {
  const few = atOneThreshold.flatMap(({ far, fnmr, fmr }) => {
    const counts = [
      ...(fnmr.errors < fewErrors ? [`${fnmr.errors} false non-matches`] : []),
      ...(fmr.errors < fewErrors ? [`${fmr.errors} false matches`] : []),
    ];
    return counts.length === 0 ? [] : [`at FAR ${far} ${counts.join(', ')}`];
  });
  if (few.length === 0) return undefined;
  return `${group ?? 'all'}: fewer than ${fewErrors} errors, so that its rates say little: ${few.join('; ')}`;
}

type Metric = Extract<StageEvent, { type: 'metric' }>;

export function figures({
  group,
  points,
  samePairs,
  differentPairs,
  atOneThreshold = [],
}: PartRecord): readonly Metric[] {
  const prefix = group === undefined ? '' : `${group}/`;
  const metric = (name: string, value: number): Metric => ({ type: 'metric', name: `${prefix}${name}`, value });
  return [
    ...points.flatMap(({ far, tar, interval, reached, isMeasurable }) => {
      if (!isMeasurable) return [];
      const name = `tarAtFar${far.toExponential()}`;
      const ends =
        interval === undefined ? [] : [metric(`${name}Low`, interval.low), metric(`${name}High`, interval.high)];
      return [metric(name, tar), ...ends, metric(`${name}Reached`, reached)];
    }),
    ...atOneThreshold.flatMap(({ far, fnmr, fmr }) =>
      Object.entries({ fnmr, fmr }).flatMap(([kind, { value, interval }]) => {
        const name = `${kind}AtFmr${far.toExponential()}`;
        const ends =
          interval === undefined ? [] : [metric(`${name}Low`, interval.low), metric(`${name}High`, interval.high)];
        return [metric(name, value), ...ends];
      }),
    ),
    metric('samePairs', samePairs),
    metric('differentPairs', differentPairs),
  ];
}
