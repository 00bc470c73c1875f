import type { ErrorDiscard } from '../../src/kit/face/quality/error-discard.ts';
import { areaTo } from '../../src/kit/face/quality/error-discard.ts';
import type { Measured } from '../../src/kit/face/uncertainty/measured.ts';
import { chartFigure, type Series } from '../../src/kit/draw/chart.ts';
import { type Html, markup } from '../../src/kit/draw/html.ts';
import { fixed, groupedInteger } from '../../src/kit/draw/number-text.ts';
import type { Point } from '../../src/kit/draw/points.ts';
import { niceDomain } from '../../src/kit/draw/scale.ts';
import { drawTable } from '../../src/kit/draw/table.ts';

const longNames = {
  norm: 'norm of the embedding',
  score: 'score of the detector',
  blur: 'sharpness (variance of the Laplacian)',
} as const;

/** How the errors of a set fall as its worst images are discarded: a drawing for each threshold, and the areas. */
export function discardDetails(curves: readonly ErrorDiscard[]): Html | undefined {
  if (curves.length === 0) return undefined;
  const rates = [...new Set(curves.map(({ far }) => far))];
  const charts = rates.map((rate) =>
    discardFigure(
      curves.filter(({ far }) => far === rate),
      rate,
    ),
  );
  return markup`<h3>By quality</h3>
    <div class="columns">${charts}</div>
    ${areaTable(curves)}`;
}

function discardFigure(curves: readonly ErrorDiscard[], far: number): Html {
  const ends = curves.flatMap(({ curve }) => curve.flatMap(({ fnmr, high }) => [fnmr, high ?? fnmr]));
  const bands = curves.map(({ curve }, colour): Series => {
    const known = curve.filter(({ low, high }) => low !== null && high !== null);
    const upper = known.map(({ share, high }): Point => [share, high ?? NaN]);
    const lower = known.map(({ share, low }): Point => [share, low ?? NaN]).toReversed();
    return { name: '', kind: 'band', colour, points: [...upper, ...lower] };
  });
  const lines = curves.map(({ quality, curve }, colour): Series => {
    return { name: quality, kind: 'line', colour, points: curve.map(({ share, fnmr }): Point => [share, fnmr]) };
  });
  const names = curves.map(({ quality }) => longNames[quality]).join(', ');
  return chartFigure(
    'Error against discarded share',
    {
      summary: `False non-match rate as the pairs of lowest quality are discarded, by ${names}, at FMR ${far}`,
      x: { label: 'discarded share of the pairs of one person', domain: [0, 0.5] },
      y: { label: 'FNMR', domain: niceDomain([0, ...ends]) },
      series: [...bands, ...lines],
    },
    `By ${names}; a pair is as good as the worse of its images. The threshold is held at distance ${fixed(curves[0]?.distance ?? NaN, 3)}, where the false match rate is at most ${far}. Bands: 95 % intervals of each point by itself.`,
  );
}

function areaTable(curves: readonly ErrorDiscard[]): Html {
  return drawTable(
    curves,
    [
      { title: 'FMR at most', numeric: true, cell: ({ far }) => String(far) },
      { title: 'quality', cell: ({ quality }) => longNames[quality] },
      { title: 'area', numeric: true, cell: ({ area }) => fixed(area.value, 5) },
      { title: '95 %', numeric: true, cell: ({ area }) => intervalText(area, 5) },
      {
        title: 'of all',
        numeric: true,
        cell: ({ relativeArea }) => (relativeArea === undefined ? 'no errors' : fixed(relativeArea.value, 2)),
      },
      {
        title: '95 %',
        numeric: true,
        cell: ({ relativeArea }) => (relativeArea === undefined ? '-' : intervalText(relativeArea, 2)),
      },
      { title: 'pairs', numeric: true, cell: ({ pairs }) => groupedInteger(pairs) },
    ],
    markup`<b>Areas.</b> Mean FNMR while 0 to ${areaTo * 100} % of the pairs are discarded, and what part of the FNMR of all pairs that is: 1 says that
      the quality tells nothing of errors, and the less, the more it tells.`,
  );
}

function intervalText({ interval }: Measured, digits: number): string {
  return interval === undefined
    ? 'too few people'
    : `${fixed(interval.low, digits)} to ${fixed(interval.high, digits)}`;
}
