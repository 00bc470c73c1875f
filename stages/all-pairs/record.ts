import type { AllPairsPoint, AllPairsResult } from '../../src/kit/face/all-pairs/compare-all.ts';
import { chartDocument } from '../../src/kit/draw/chart-document.ts';
import type { Point } from '../../src/kit/draw/points.ts';
import { thinByDecade, tradeOff } from '../../src/kit/face/similarity/trade-off.ts';
import type { StageEvent } from '../../src/stage-api/stage.ts';

/** What all-pairs.json has for all images, and for each group. */
export interface PartRecord extends Omit<AllPairsResult, 'histogram' | 'sameScores' | 'points'> {
  /** Undefined: all images. */
  readonly group?: string;
  readonly points: readonly PointRecord[];
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
  const { histogram, sameScores, points, ...facts } = result;
  return {
    ...(group === undefined ? {} : { group }),
    ...facts,
    points: points.map(({ closeness, ...point }) => ({
      ...point,
      ...(closeness === -Infinity ? {} : { threshold: closeness }),
    })),
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
export function resultLines({ group, points, samePairs, differentPairs }: PartRecord): readonly string[] {
  const name = group ?? 'all';
  const head = `${name}: ${samePairs} pairs of one person, ${differentPairs} of different people`;
  const lines = points.map(({ far, tar, interval, reached, accepted, threshold, isMeasurable }) => {
    if (!isMeasurable)
      return `${name}: TAR at FAR ${far} is not measurable on ${differentPairs} pairs, at most one in ${differentPairs} is`;
    const ends = interval === undefined ? '' : ` [${interval.low.toFixed(5)}, ${interval.high.toFixed(5)}]`;
    const at = threshold === undefined ? 'no threshold' : `threshold ${threshold.toFixed(6)}`;
    return `${name}: TAR ${tar.toFixed(5)}${ends} at FAR ${far}, reached ${reached.toExponential(4)} (${accepted} pairs), ${at}`;
  });
  return [head, ...lines];
}

type Metric = Extract<StageEvent, { type: 'metric' }>;

export function figures({ group, points, samePairs, differentPairs }: PartRecord): readonly Metric[] {
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
    metric('samePairs', samePairs),
    metric('differentPairs', differentPairs),
  ];
}
