import { chartDocument } from '../../src/kit/draw/chart-document.ts';
import type { Point } from '../../src/kit/draw/points.ts';
import type { GalleryFigures, VerificationPoint } from '../../src/kit/face/megaface/gallery-figures.ts';
import type { StageEvent } from '../../src/stage-api/stage.ts';

/** What megaface.json has for each set of probes and of distractors. */
export interface GalleryRecord extends Omit<GalleryFigures, 'verification'> {
  readonly probes: string;
  readonly set: number;
  readonly images: number;
  readonly people: number;
  /** Distractors that are noise: they count, and are farther than every mate. */
  readonly excluded: number;
  readonly verification: readonly (Omit<VerificationPoint, 'closeness'> & {
    /** Pairs with a smaller squared distance are accepted; absent where all are. */
    readonly squaredDistance?: number;
  })[];
}

type Facts = Pick<GalleryRecord, 'probes' | 'set' | 'images' | 'people' | 'excluded'>;

export function galleryRecord(facts: Facts, { verification, ...figures }: GalleryFigures): GalleryRecord {
  return {
    ...facts,
    ...figures,
    verification: verification.map(({ closeness, ...point }) => ({
      ...point,
      ...(closeness === -Infinity ? {} : { squaredDistance: -2 * closeness }),
    })),
  };
}

type Metric = Extract<StageEvent, { type: 'metric' }>;

/** Plain names for the largest set of distractors of the first set of probes; those of the others begin with names and size. */
export function figures(records: readonly GalleryRecord[]): readonly Metric[] {
  const [first] = records;
  const main = records
    .filter(({ probes }) => probes === first?.probes)
    .reduce<GalleryRecord | undefined>(
      (best, each) => (best === undefined || each.size > best.size ? each : best),
      undefined,
    );
  return records.flatMap((record) => figuresOf(record, record === main ? '' : prefixOf(record)));
}

function prefixOf({ probes, size, set }: GalleryRecord): string {
  return `${probes}/${size}/${set === 1 ? '' : `set ${set}/`}`;
}

function figuresOf({ identification, verification }: GalleryRecord, prefix: string): readonly Metric[] {
  const metric = (name: string, value: number): Metric => ({ type: 'metric', name: `${prefix}${name}`, value });
  const withEnds = (name: string, { value, interval }: Pick<VerificationPoint, 'value' | 'interval'>): Metric[] => [
    metric(name, value),
    ...(interval === undefined ? [] : [metric(`${name}Low`, interval.low), metric(`${name}High`, interval.high)]),
  ];
  return [
    ...identification.flatMap((rate) => withEnds(`rank${rate.rank}`, rate)),
    ...verification.flatMap((point) => {
      if (!point.isMeasurable) return [];
      const name = `tarAtFar${point.far.toExponential()}`;
      return [...withEnds(name, point), metric(`${name}Reached`, point.reached)];
    }),
  ];
}

/** One line per rate, for people. */
export function resultLines(record: GalleryRecord): readonly string[] {
  const { probes, size, set, trials, identification, verification, images } = record;
  const name = `${probes} among ${size} distractors, set ${set}`;
  const share = ({ value, interval }: Pick<VerificationPoint, 'value' | 'interval'>): string =>
    `${value.toFixed(6)}${interval === undefined ? '' : ` [${interval.low.toFixed(5)}, ${interval.high.toFixed(5)}]`}`;
  return [
    `${name}: ${trials} trials, ${identification.map((rate) => `rank-${rate.rank} ${share(rate)}`).join(', ')}`,
    ...verification.map((point) =>
      point.isMeasurable
        ? `${name}: TAR ${share(point)} at FAR ${point.far}, reached ${point.reached.toExponential(4)} (${point.accepted} of ${images * size} pairs)`
        : `${name}: TAR at FAR ${point.far} is not measurable on ${images * size} pairs`,
    ),
  ];
}

/** Sets that have the same name in a drawing. */
const drawnSets = 6;

export function drawCmc(records: readonly GalleryRecord[]): string {
  const largest = Math.max(2, ...records.map(({ size }) => size + 1));
  return chartDocument('Cumulative match characteristic', {
    summary: 'Share of trials whose mate is among the closest photos, over their number',
    x: { label: 'rank', domain: [1, largest], kind: 'log' },
    y: { label: 'share of trials', domain: [lowestOf(records.map(({ cmc }) => cmc)), 1] },
    series: records.slice(-drawnSets).map((record, colour) => {
      const { cmc, size } = record;
      const ends: Point = [size + 1, 1];
      return { name: nameOf(record), kind: 'step' as const, colour, points: [...cmc, ends] };
    }),
  });
}

export function drawRoc(records: readonly GalleryRecord[]): string {
  const lowest = Math.min(...records.map(({ images, size }) => 1 / (images * size)));
  return chartDocument('TAR over FAR', {
    summary: 'True acceptance rate of pairs of one person over the false acceptance rate of probes and distractors',
    x: { label: 'false acceptance rate', domain: [lowest, 1], kind: 'log' },
    y: { label: 'true acceptance rate', domain: [lowestOf(records.map(rocPoints)), 1] },
    series: records.slice(-drawnSets).map((record, colour) => {
      return { name: nameOf(record), kind: 'line' as const, colour, points: rocPoints(record) };
    }),
  });
}

/** The curve and the points that are known exactly: where all scores are in a few bins, these alone tell of low rates. */
function rocPoints({ roc, verification }: GalleryRecord): readonly Point[] {
  const exact = verification.flatMap(({ reached, value }): Point[] => (reached > 0 ? [[reached, value]] : []));
  return [...roc, ...exact].sort(([one, low], [other, high]) => one - other || low - high);
}

/** Where an axis of shares begins: those of good networks are all near 1. */
const beginnings = [0.95, 0.9, 0.8, 0.5, 0];

function lowestOf(curves: readonly (readonly Point[])[]): number {
  const least = Math.min(...curves.flatMap((curve) => curve.slice(0, 1).map(([, share]) => share)));
  return beginnings.find((begin) => begin < least) ?? 0;
}

function nameOf({ probes, size, set }: GalleryRecord): string {
  return `${probes}, ${size} distractors${set === 1 ? '' : `, set ${set}`}`;
}
