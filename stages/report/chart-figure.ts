import { type Chart, chartKey, drawChart } from './chart.ts';
import { type Html, type Insertable, markup } from './html.ts';

/** A chart with its key above and, below, what it shows and how that was computed. */
export function chartFigure(title: string, chart: Chart, caption: Insertable): Html {
  return markup`<figure class="chart">
    ${chartKey(chart.series)} ${drawChart(chart)}
    <figcaption><b>${title}.</b> ${caption}</figcaption>
  </figure>`;
}
