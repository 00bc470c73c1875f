import { seriesClass } from './chart.ts';
import { type Html, type Insertable, markup } from './html.ts';
import { tickLabels } from './number-text.ts';
import { linearScale, niceDomain, type Scale } from './scale.ts';

/** A figure with its interval on one line of the drawing. */
export interface IntervalRow {
  readonly label: string;
  readonly value: number;
  /** Undefined: the dot stands alone. */
  readonly interval: { readonly low: number; readonly high: number } | undefined;
  /** Number of a colour of series. */
  readonly colour: number;
  /** Drawn hollow: the figure is less sure than its interval says. */
  readonly isWeak?: boolean;
}

export interface IntervalChart {
  /** What the chart shows, for those who cannot see it. */
  readonly summary: string;
  readonly label: string;
  readonly rows: readonly IntervalRow[];
  /** A vertical line to compare with, as 0 for differences. */
  readonly mark?: number;
}

/** In units of the drawing, close to pixels on a phone. */
const [width, left, right, top, bottom, rowHeight] = [400, 128, 14, 8, 38, 22];

/** Characters that fit beside the axis. */
const longestLabel = 20;

/** Figures below each other with whiskers from end to end of their intervals, and what that is. */
export function intervalFigure(title: string, chart: IntervalChart, caption: Insertable): Html {
  return markup`<figure class="chart">${drawIntervals(chart)}
    <figcaption><b>${title}.</b> ${caption}</figcaption>
  </figure>`;
}

function drawIntervals({ summary, label, rows, mark }: IntervalChart): Html {
  const height = top + rows.length * rowHeight + bottom;
  const ends = rows.flatMap(({ value, interval }) => [value, interval?.low ?? value, interval?.high ?? value]);
  const x = linearScale(niceDomain([...ends, mark ?? 0]), [left, width - right]);
  const base = height - bottom;
  return markup`<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${summary}">
    ${drawAxis(x, label, base)}${mark === undefined ? undefined : markup`<path class="base" d="M${place(x.at(mark))} ${top}V${base}" />`}
    ${rows.map((row, index) => drawRow(row, x, top + (index + 0.5) * rowHeight))}
  </svg>`;
}

function drawAxis(x: Scale, label: string, base: number): Html {
  const labels = tickLabels(x.ticks);
  const ticks = x.ticks.map((tick, index) => {
    const at = place(x.at(tick));
    const line = markup`<path class="grid" d="M${at} ${top}V${base}" /><path class="base" d="M${at} ${base}v4" />`;
    return markup`${line}<text x="${at}" y="${base + 17}" text-anchor="middle">${labels[index]}</text>`;
  });
  return markup`<g class="axis">${ticks}<text class="label" x="${width - right}" y="${base + 34}" text-anchor="end">${label}</text></g>`;
}

function drawRow({ label, value, interval, colour, isWeak }: IntervalRow, x: Scale, y: number): Html {
  const shown = label.length > longestLabel ? `${label.slice(0, longestLabel - 1)}…` : label;
  const whisker =
    interval === undefined
      ? undefined
      : markup`<path class="series line ${seriesClass(colour)}" d="M${place(x.at(interval.low))} ${y}H${place(x.at(interval.high))}" />`;
  const at = place(x.at(value));
  const hole = isWeak === true ? markup`<circle cx="${at}" cy="${y}" r="1.7" fill="var(--paper)" />` : undefined;
  return markup`<text x="${left - 10}" y="${y + 4}" text-anchor="end">${shown}</text>${whisker}<path
      class="series dots ${seriesClass(colour)}"
      d="M${at} ${y}h0"
    />${hole}`;
}

/** A tenth of a unit is finer than any screen. */
function place(value: number): string {
  return String(Math.round(value * 10) / 10);
}
