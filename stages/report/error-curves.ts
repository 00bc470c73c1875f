import { type Axis, type Chart, chartFigure, quietColour, type Series } from '../../src/kit/draw/chart.ts';
import { type Html, type Insertable, markup } from '../../src/kit/draw/html.ts';
import { groupedInteger } from '../../src/kit/draw/number-text.ts';
import type { Point } from '../../src/kit/draw/points.ts';
import type { CurvePoint } from '../../src/kit/face/uncertainty/error-curve.ts';
import type { Verification } from './read-inputs.ts';
import { meanThreshold, operatingPoint, rocCurve } from './roc.ts';

/** Bands of more curves than these hide each other. */
const mostBands = 4;

/** What each figure shows of a point of the curve. */
interface Form {
  readonly title: string;
  readonly summary: string;
  readonly kind: 'linear' | 'log' | 'probit';
  /** `acceptance` draws TAR against FAR, `error` FNMR against FMR. */
  readonly shows: 'acceptance' | 'error';
  readonly caption: Insertable;
}

const forms: readonly Form[] = [
  {
    title: 'ROC',
    summary: 'Receiver operating characteristic, logarithmic axis of false acceptance',
    ...{ kind: 'log', shows: 'acceptance' },
    caption:
      'For every threshold, the share of different people accepted and of same people accepted, over all pairs at once. Dot: the mean threshold of the folds.',
  },
  {
    title: 'ROC, linear',
    summary: 'Receiver operating characteristic, linear axis of false acceptance',
    ...{ kind: 'linear', shows: 'acceptance' },
    caption: 'The same curve. Dashed: chance.',
  },
  {
    title: 'DET',
    summary: 'Detection error trade-off, logarithmic axes',
    ...{ kind: 'log', shows: 'error' },
    caption: 'Both errors (ISO/IEC 19795-1): the lower and the further left, the better.',
  },
  {
    title: 'DET, probit',
    summary: 'Detection error trade-off, axes of normal deviates',
    ...{ kind: 'probit', shows: 'error' },
    caption:
      'The same curve on axes of the normal distribution, where normal distributions of distances make a straight line.',
  },
];

/** ROC and DET of all verifications, each on two kinds of axes, with bands where they are known. */
export function errorCurves(verifications: readonly Verification[]): Html {
  const figures = forms.map((form) => curveFigure(verifications, form));
  const measurable = verifications.map(({ name, result }) => {
    const different = result.pairs - result.samePairs;
    return `${verifications.length > 1 ? `${name}: ` : ''}1/${groupedInteger(different)}`;
  });
  return markup`<div class="columns">${figures}</div>
    <p class="dim">
      Bands: 95 % intervals of each point by itself, over draws of other people; the whole curve is within them less often. A rate of false
      matches below one of the different pairs (${measurable.join(', ')}) is not measurable, and no curve says anything of it; nor
      of a false non-match rate below one of the same pairs.
    </p>`;
}

function curveFigure(verifications: readonly Verification[], form: Form): Html {
  const lowest = lowestRate(verifications);
  const x = form.kind === 'linear' ? ([0, 1] as const) : ([lowest, form.kind === 'log' ? 1 : 0.5] as const);
  const label = form.shows === 'error' ? 'FMR' : 'false acceptance rate';
  const shown = verifications.length <= mostBands ? verifications : [];
  const bands = shown
    .map(({ result: { uncertainty } }, index) =>
      band(
        uncertainty?.curve?.filter(({ fmr }) => fmr <= x[1]),
        form,
        index,
      ),
    )
    .filter(({ points }) => points.length > 0);
  const curves = verifications.map(({ name, result }, index): Series => {
    const points = rocCurve(result).map(([far, tar]): Point => (form.shows === 'error' ? [far, 1 - tar] : [far, tar]));
    const inside = points.filter(([far]) => far <= x[1]);
    const drawn = form.kind === 'linear' ? points : measurable(inside, form, result.pairs - result.samePairs);
    return { name, kind: 'step', colour: index, points: drawn };
  });
  const thresholds = verifications.map(({ result }, index): Series => {
    const [far, tar] = operatingPoint(result, meanThreshold(result));
    const point: Point = form.shows === 'error' ? [far, 1 - tar || Number.NaN] : [far, tar];
    return { name: '', kind: 'dots', colour: index, points: [point] };
  });
  const chart: Chart = {
    summary: form.summary,
    x: { label, domain: x, kind: form.kind },
    y: yAxis(verifications, form),
    series: [...bands, ...(form.shows === 'error' ? [] : [chance(form.kind, lowest)]), ...curves, ...thresholds],
    marks: form.kind === 'linear' ? [] : limits(verifications),
  };
  return chartFigure(form.title, chart, form.caption);
}

function yAxis(verifications: readonly Verification[], { kind, shows }: Form): Axis {
  if (shows === 'acceptance') return { label: 'true acceptance rate', domain: [0, 1] };
  const same = Math.max(10, ...verifications.map(({ result }) => result.samePairs));
  const lowest = 10 ** -Math.ceil(Math.log10(same) - 1e-9);
  return { label: 'FNMR', domain: [lowest, kind === 'log' ? 1 : 0.95], kind };
}

/** Where the set of the fewest different pairs stops to measure. */
function limits(verifications: readonly Verification[]): NonNullable<Chart['marks']> {
  const different = Math.min(...verifications.map(({ result }) => result.pairs - result.samePairs));
  return different < 1 ? [] : [{ x: 1 / different, label: `1/${groupedInteger(different)}` }];
}

/** From the least rate that so many different pairs measure; a false non-match rate of 0 breaks the line, since these axes have none. */
function measurable(points: readonly Point[], { shows }: Form, different: number): readonly Point[] {
  const least = 1 / different;
  const start = points.findLast(([far]) => far <= least * (1 + 1e-9));
  const beyond = points.filter(([far]) => far > least * (1 + 1e-9));
  const from: readonly Point[] = start === undefined ? beyond : [[least, start[1]], ...beyond];
  return from.map(([far, rate]): Point => [far, shows === 'error' && rate <= 0 ? Number.NaN : rate]);
}

function band(curve: readonly CurvePoint[] | undefined, { shows, kind }: Form, index: number): Series {
  const known = (curve ?? []).flatMap(({ fmr, low, high }) =>
    low === null || high === null ? [] : [{ fmr, low, high }],
  );
  const inside = kind === 'linear' ? known : known.filter(({ fmr }) => fmr < 1 || shows === 'acceptance');
  const place = (fmr: number, rate: number): Point => [fmr, shows === 'error' ? rate : 1 - rate];
  const upper = inside.map(({ fmr, low }) => place(fmr, low));
  const lower = inside.map(({ fmr, high }) => place(fmr, high)).toReversed();
  return { name: '', kind: 'band', colour: index, points: [...upper, ...lower] };
}

/** What guessing achieves: the same shares of same and of different pairs accepted. */
function chance(kind: Form['kind'], lowest: number): Series {
  const points: readonly Point[] =
    kind === 'linear'
      ? [
          [0, 0],
          [1, 1],
        ]
      : Array.from({ length: 41 }, (_, index): Point => [lowest ** (1 - index / 40), lowest ** (1 - index / 40)]);
  return { name: '', kind: 'dashed', colour: quietColour, points };
}

/** The power of ten at or below the smallest rate that the largest set can measure. */
function lowestRate(verifications: readonly Verification[]): number {
  const different = Math.max(10, ...verifications.map(({ result }) => result.pairs - result.samePairs));
  return 10 ** -Math.ceil(Math.log10(different) - 1e-9);
}
