import { type Chart, chartSize, drawChart, type Series } from '../../src/kit/draw/chart.ts';
import { markup } from '../../src/kit/draw/html.ts';
import { pageStyle } from '../../src/kit/draw/page-style.ts';
import { niceDomain } from '../../src/kit/draw/scale.ts';
import { svgDocument } from '../../src/kit/draw/svg-document.ts';

export interface RankCurve {
  readonly name: string;
  /** Of every step. */
  readonly losses: readonly number[];
}

const gap = 24;
const keyHeight = 40;
const keyWidth = 205;

const style = `${pageStyle}
svg { width: auto; }
svg svg { width: ${chartSize.width}px; }
.ground { fill: var(--paper); }
`;

/** The losses of all on one chart, and how far each is from the first on another, with powers of ten. */
export function rankCurvesSvg(curves: readonly RankCurve[]): string {
  const [first, ...others] = curves;
  const reference = first?.losses ?? [];
  const x = { label: 'step', domain: [0, reference.length] } as const;
  const loss: Chart = {
    summary: 'Training loss over the steps, of one process and of two ranks',
    x,
    y: { label: 'loss of the batch', domain: niceDomain(curves.flatMap(({ losses }) => losses)) },
    // The widest below: equal curves hide each other.
    series: curves.map(({ losses }, at) => series(at, losses, at === 0 ? 'line' : 'dashed')),
  };
  const differences = others.map(({ losses }) =>
    losses.map((each, at) => Math.abs(each - (reference[at] ?? NaN))).map((each) => Math.max(each, 1e-7)),
  );
  const highest = Math.max(1e-4, ...differences.flat());
  const difference: Chart = {
    summary: 'How far the losses are from those of one process of one thread',
    x,
    y: { label: 'difference from one process', domain: [1e-7, 10 ** Math.ceil(Math.log10(highest))], kind: 'log' },
    series: differences.map((each, at) => series(at + 1, each, 'line')),
  };
  const { width, height } = chartSize;
  const key = curves.map(
    ({ name }, at) => markup`<path class="series line c${at}" d="M${gap + keyWidth * at} 20h18" />
<text x="${gap + keyWidth * at + 24}" y="24">${name}</text>`,
  );
  const charts = [loss, difference].map(
    (chart, at) =>
      markup`<svg x="${gap + at * (width + gap)}" y="${keyHeight}" width="${width}" height="${height}">${drawChart(chart)}</svg>`,
  );
  const ground = markup`<rect class="ground" width="100%" height="100%" />`;
  const size = { width: 2 * width + 3 * gap, height: keyHeight + height + gap };
  return svgDocument({ ...size, style, body: markup`${ground}${key}${charts}` });
}

function series(colour: number, values: readonly number[], kind: Series['kind']): Series {
  return { name: '', kind, colour, points: values.map((value, at) => [at + 1, value]) };
}
