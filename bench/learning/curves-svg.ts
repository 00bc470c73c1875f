import { type Chart, chartSize, drawChart, type Series } from '../../src/kit/draw/chart.ts';
import { type Html, markup } from '../../src/kit/draw/html.ts';
import { pageStyle } from '../../src/kit/draw/page-style.ts';
import type { Point } from '../../src/kit/draw/points.ts';
import { niceDomain } from '../../src/kit/draw/scale.ts';
import { svgDocument } from '../../src/kit/draw/svg-document.ts';
import type { Training } from './trainings.ts';

const gap = 24;
const titleHeight = 46;

const style = `${pageStyle}
svg { width: auto; }
svg svg { width: ${chartSize.width}px; }
.ground { fill: var(--paper); }
.title { font-size: 14px; }
svg .title { fill: var(--ink); }
`;

const sides = ['faceflow', 'PyTorch'] as const;

/** The curves of both programs, a row for each loss: the training loss, thin for each seed, and the accuracies by seed. */
export function curvesSvg(trainings: readonly Training[]): string {
  const losses = [...new Set(trainings.map(({ loss }) => loss))];
  const rowHeight = titleHeight + chartSize.height + gap;
  const width = 2 * chartSize.width + 3 * gap;
  const rows = losses.map((loss, row) => {
    const own = trainings.filter((training) => training.loss === loss);
    const top = row * rowHeight;
    return markup`<text class="title" x="${gap}" y="${top + 28}">${loss}</text>
${keyOf(gap + 90, top + 28)}
${placed(lossChart(own), gap, top + titleHeight)}
${placed(accuracyChart(own), 2 * gap + chartSize.width, top + titleHeight)}`;
  });
  const ground = markup`<rect class="ground" width="100%" height="100%" />`;
  return svgDocument({ width, height: losses.length * rowHeight, style, body: markup`${ground}${rows}` });
}

function keyOf(x: number, y: number): Html {
  const entries = sides.map(
    (side, at) => markup`<path class="series line c${at}" d="M${x + 90 * at} ${y - 4}h18" />
<text x="${x + 90 * at + 24}" y="${y}">${side}</text>`,
  );
  return markup`${entries}`;
}

function placed(chart: Chart, x: number, y: number): Html {
  const { width, height } = chartSize;
  return markup`<svg x="${x}" y="${y}" width="${width}" height="${height}">${drawChart(chart)}</svg>`;
}

const sideOf = ({ program }: Training): number => (program.startsWith('faceflow') ? 0 : 1);

const pointsOf = ({ curves }: Training): readonly Point[] => curves.find(({ name }) => name === 'loss')?.points ?? [];

function lossChart(trainings: readonly Training[]): Chart {
  const series = sides.flatMap((_, side): Series[] => {
    const own = trainings.filter((training) => sideOf(training) === side).map(pointsOf);
    const thin = own.map((points): Series => ({ name: '', kind: 'faint', colour: side, points }));
    return [...thin, { name: '', kind: 'line', colour: side, points: meanOf(own) }];
  });
  const points = series.flatMap((each) => each.points);
  return {
    summary: 'Loss of the batches over the steps, by faceflow and by PyTorch',
    x: { label: 'step', domain: [0, Math.max(...points.map(([step]) => step))] },
    y: { label: 'loss, mean over the seeds and each of them', domain: niceDomain(points.map(([, value]) => value)) },
    series,
  };
}

function meanOf(curves: readonly (readonly Point[])[]): readonly Point[] {
  const [first = []] = curves;
  return first.map(([step], at): Point => {
    const values = curves.map((points) => points[at]?.[1] ?? NaN);
    return [step, values.reduce((sum, value) => sum + value, 0) / values.length];
  });
}

function accuracyChart(trainings: readonly Training[]): Chart {
  const seeds = Math.max(...trainings.map(({ seed }) => seed));
  const series = sides.map((_, side): Series => ({
    name: '',
    kind: 'dots',
    colour: side,
    points: trainings.filter((training) => sideOf(training) === side).map(({ seed, accuracy }) => [seed, accuracy]),
  }));
  return {
    summary: 'Accuracy of the verification by seed, by faceflow and by PyTorch',
    x: { label: 'seed', domain: [0, seeds + 1] },
    y: { label: 'accuracy on people not seen', domain: niceDomain(trainings.map(({ accuracy }) => accuracy)) },
    series,
  };
}
