import { type Chart, chartSize, drawChart, seriesClass } from './chart.ts';
import { type Html, markup } from './html.ts';
import { svgDocument } from './svg-document.ts';

/** As pages look in daylight, on white: such a file is put into documents. */
const style = `
svg { background: #fff; font: 11px "Helvetica Neue", Arial, "Liberation Sans", sans-serif; font-variant-numeric: tabular-nums; }
svg svg { overflow: visible; font-size: 8px; }
text { fill: #6b6861; }
.label, .title, .name { fill: #1f1e1b; }
.title { font-size: 13px; font-weight: 600; }
.base { stroke: #1f1e1b; stroke-width: 0.7; fill: none; }
.grid { stroke: #ebe8e0; stroke-width: 0.7; fill: none; }
.marks path { stroke: #6b6861; stroke-width: 0.7; stroke-dasharray: 2 3; fill: none; }
.marks text { paint-order: stroke; stroke: #fff; stroke-width: 4px; }
.series { fill: none; stroke-width: 1.6; stroke-linejoin: round; stroke-linecap: round; }
.series.faint { stroke-width: 1; stroke-opacity: 0.32; }
.series.dashed { stroke-width: 1; stroke-dasharray: 3 4; }
.line.d1, .step.d1 { stroke-dasharray: 7 3; } .line.d2, .step.d2 { stroke-dasharray: 2 3; } .line.d3, .step.d3 { stroke-dasharray: 8 3 2 3; }
.series.dots { stroke-width: 6.5; }
.series.area { stroke-width: 1.1; fill-opacity: 0.22; }
${['#2b6496', '#c0532f', '#4b7b49', '#7d5a9b', '#a07a10', '#2c8a8a', '#8b877d'].map((colour, index) => `.c${index} { stroke: ${colour}; } .area.c${index}, .name.c${index} { fill: ${colour}; stroke: none; }`).join('\n')}
`;

const margin = 16;
const lineHeight = 16;
/** Of the drawing to the units of the chart. */
const scale = 1.6;

/** A chart as an SVG file of its own: title, the names of the series in their colours, and the chart. */
export function chartDocument(title: string, chart: Chart): string {
  const named = chart.series.filter(({ name }) => name !== '');
  const head = margin + lineHeight * (1 + (named.length > 1 ? named.length : 0)) + 6;
  const width = chartSize.width * scale + 2 * margin;
  const names = named.map(({ name, colour }, index): Html => {
    const y = margin + lineHeight * (index + 2) - 4;
    return markup`<text class="name ${seriesClass(colour)}" x="${margin}" y="${y}">${name}</text>`;
  });
  const body = markup`<text class="title" x="${margin}" y="${margin + lineHeight - 6}">${title}</text>${named.length > 1 ? names : []}
<svg x="${margin}" y="${head}" width="${chartSize.width * scale}" height="${chartSize.height * scale}">${drawChart(chart)}</svg>`;
  return svgDocument({ width, height: head + chartSize.height * scale + margin, style, body });
}
