import { type Html, type Insertable, markup } from './html.ts';
import { powerLabel, tickLabels } from './number-text.ts';
import type { Point } from './points.ts';
import { normalQuantile } from '../../core/normal-distribution.ts';
import { type Scale, linearScale, logScale, probitScale } from './scale.ts';

export interface Axis {
  readonly label: string;
  readonly domain: readonly [number, number];
  readonly kind?: Scale['kind'];
}

/** `line` and `faint` join the points, `step` keeps the height until the next point, `area` does so and is filled, `dots` marks each, `band` is the area within. */
export type SeriesKind = 'line' | 'faint' | 'dashed' | 'step' | 'area' | 'dots' | 'band';

/** Series beyond as many have the colours again, with lines of other dashes. */
const seriesColours = 6;
const dashes = 4;
/** The grey of lines to compare with. */
export const quietColour = -1;

/** Classes that tell a series from others: its colour, and of the seventh and later ones how its line is dashed. */
export function seriesClass(colour: number): string {
  if (colour === quietColour) return `c${seriesColours}`;
  const dash = Math.floor(colour / seriesColours) % dashes;
  return `c${colour % seriesColours}${dash === 0 ? '' : ` d${dash}`}`;
}

export interface Series {
  /** Shown in the key and beside the pointer; empty: a companion of another series that needs no words. */
  readonly name: string;
  readonly kind: SeriesKind;
  /** From 0 on: equal numbers are one thing; or {@link quietColour}. */
  readonly colour: number;
  readonly points: readonly Point[];
}

/** A vertical line with a word on it. */
export interface Mark {
  readonly x: number;
  readonly label: string;
}

export interface Chart {
  /** What the chart shows, for those who cannot see it. */
  readonly summary: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
  readonly marks?: readonly Mark[];
}

/** In units of the drawing, which is scaled to its column: close to pixels on a phone. */
export const chartSize = { width: 400, height: 250, left: 44, right: 14, top: 26, bottom: 38 } as const;

const { width, height, left, right, top, bottom } = chartSize;

/** A chart with its key above and, below, what it shows and how that was computed. */
export function chartFigure(title: string, chart: Chart, caption: Insertable): Html {
  return markup`<figure class="chart">
    ${chartKey(chart.series)} ${drawChart(chart)}
    <figcaption><b>${title}.</b> ${caption}</figcaption>
  </figure>`;
}

/** A chart as SVG: hairlines instead of a frame, labels along the axes, one path per series. */
export function drawChart(chart: Chart): Html {
  const x = scaleOf(chart.x, [left, width - right]);
  const y = scaleOf(chart.y, [height - bottom, top]);
  return markup`<svg
    viewBox="0 0 ${width} ${height}"
    role="img"
    tabindex="0"
    aria-label="${chart.summary}"
    data-x="${scaleData(x, chart.x)}"
    data-y="${scaleData(y, chart.y)}"
  >
    ${drawYAxis(y, chart.y)}${drawXAxis(x, chart.x)}${drawMarkLines(chart.marks ?? [], x)}
    ${chart.series.map((series) => drawSeries(series, x, y))}${drawMarkWords(chart.marks ?? [], x)}
  </svg>`;
}

/** The key of a chart: a swatch and a name for each series that has one; a single one needs none. */
export function chartKey(series: readonly Series[]): Html {
  const all = series.filter(({ name }) => name !== '');
  const named = all.length > 1 ? all : [];
  const items = named.map(
    ({ name, kind, colour }) => markup`<li class="${seriesClass(colour)}"><i class="swatch ${kind}"></i>${name}</li>`,
  );
  return markup`<ul class="key">
    ${items}
  </ul>`;
}

function scaleOf(axis: Axis, range: readonly [number, number]): Scale {
  if (axis.kind === 'log') return logScale(axis.domain, range);
  return axis.kind === 'probit' ? probitScale(axis.domain, range) : linearScale(axis.domain, range);
}

/** What the script needs to turn positions back into values: kind, domain (as quantiles if probit), the positions of its ends, and the label. */
function scaleData(scale: Scale, axis: Axis): string {
  const [low, high] = scale.domain;
  const ends = scale.kind === 'probit' ? [normalQuantile(low), normalQuantile(high)] : [low, high];
  return [scale.kind, ...ends, scale.at(low), scale.at(high), axis.label].join(' ');
}

function labelsOf(scale: Scale): readonly string[] {
  if (scale.kind === 'linear') return tickLabels(scale.ticks);
  return scale.ticks.map((tick) => (tick < 0.0009 ? powerLabel(tick) : String(tick)));
}

function drawYAxis(y: Scale, axis: Axis): Html {
  const labels = labelsOf(y);
  const floor = place(height - bottom);
  const ticks = y.ticks.map((tick, index) => {
    const at = place(y.at(tick));
    const line = markup`<path class="${at === floor ? 'base' : 'grid'}" d="M${left} ${at}H${width - right}" />`;
    return markup`${line}<text x="${left - 8}" y="${place(y.at(tick) + 4)}" text-anchor="end">${labels[index]}</text>`;
  });
  // The first tick may be above the end of the axis.
  const isTicked = y.ticks.some((tick) => place(y.at(tick)) === floor);
  const base = isTicked ? '' : markup`<path class="base" d="M${left} ${floor}H${width - right}" />`;
  return markup`<g class="axis">${ticks}${base}<text class="label" x="0" y="11">${axis.label}</text></g>`;
}

function drawXAxis(x: Scale, axis: Axis): Html {
  const labels = labelsOf(x);
  const ticks = x.ticks.map((tick, index) => {
    const at = place(x.at(tick));
    const line = markup`<path class="base" d="M${at} ${height - bottom}v4" />`;
    return markup`${line}<text x="${at}" y="${height - bottom + 17}" text-anchor="middle">${labels[index]}</text>`;
  });
  const label = markup`<text class="label" x="${width - right}" y="${height - 4}" text-anchor="end">${axis.label}</text>`;
  return markup`<g class="axis">${ticks}${label}</g>`;
}

function drawMarkLines(marks: readonly Mark[], x: Scale): Html {
  const lines = marks.map(({ x: value }) => markup`<path d="M${place(x.at(value))} ${top}V${height - bottom}" />`);
  return markup`<g class="marks">${lines}</g>`;
}

/** Above the series: a curve that runs through a word strikes it out. */
function drawMarkWords(marks: readonly Mark[], x: Scale): Html {
  const words = marks.map(({ x: value, label }, index) => {
    const at = x.at(value);
    // Near the right end the word stands before its line; neighbours stand at different heights.
    const before = at > width - 90;
    return markup`<text
      x="${place(at + (before ? -5 : 5))}"
      y="${top + 9 + 13 * (index % 3)}"
      text-anchor="${before ? 'end' : 'start'}"
      >${label}</text
    >`;
  });
  return markup`<g class="marks">${words}</g>`;
}

function drawSeries(series: Series, x: Scale, y: Scale): Html {
  const placed = series.points.map(([px, py]): Point => [x.at(px), Number.isFinite(py) ? y.at(py) : Number.NaN]);
  const name = series.name === '' ? undefined : markup` data-name="${series.name}"`;
  const path = pathOf(series.kind, placed, place(y.at(y.domain[0])));
  return markup`<path class="series ${series.kind} ${seriesClass(series.colour)}" ${name} d="${path}" />`;
}

/** The path data of a series; points without a height break the line. */
export function pathOf(kind: SeriesKind, points: readonly Point[], base: string): string {
  if (kind === 'dots') {
    const dots = points.filter(isPlaced).map(([px, py]) => `M${place(px)} ${place(py)}h0`);
    return dots.join('');
  }
  const stepped = kind === 'step' || kind === 'area';
  let pen = false;
  let path = '';
  for (const point of points) {
    const [px, py] = [place(point[0]), place(point[1])];
    if (!isPlaced(point)) pen = false;
    else if (!pen) {
      path += kind === 'area' ? `M${px} ${base}V${py}` : `M${px} ${py}`;
      pen = true;
    } else path += stepped ? `H${px}V${py}` : `L${px} ${py}`;
  }
  if (kind === 'band') return path === '' ? '' : `${path}Z`;
  return kind === 'area' && pen ? `${path}V${base}Z` : path;
}

function isPlaced([, py]: Point): boolean {
  return Number.isFinite(py);
}

/** A tenth of a unit is finer than any screen. */
function place(value: number): string {
  return String(Math.round(value * 10) / 10);
}
