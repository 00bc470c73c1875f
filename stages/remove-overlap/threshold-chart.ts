import { drawChart } from '../../src/kit/draw/chart.ts';
import { markup } from '../../src/kit/draw/html.ts';
import { pageStyle } from '../../src/kit/draw/page-style.ts';
import { svgDocument } from '../../src/kit/draw/svg-document.ts';
import type { OverlapReport } from './report.ts';

const size = { width: 800, height: 500 } as const;

/** How many identities would be left out at every threshold, as the text of an SVG file. Undefined where there were no exclusions. */
export function thresholdChart({ atThreshold, threshold }: OverlapReport): string | undefined {
  const points = atThreshold.map(({ threshold: x, identities }) => [x, Math.max(1, identities)] as const);
  if (points.length === 0) return undefined;
  const most = Math.max(...points.map(([, y]) => y), 10);
  const chart = drawChart({
    summary: 'Identities that would be left out, by the threshold',
    x: { label: 'threshold (cosine)', domain: [0, 1] },
    y: { label: 'identities left out', domain: [1, most], kind: 'log' },
    series: [{ name: 'identities left out', kind: 'line', colour: 0, points }],
    marks: [{ x: threshold, label: `threshold ${threshold}` }],
  });
  return svgDocument({
    ...size,
    style: pageStyle,
    body: markup`<rect width="100%" height="100%" fill="var(--paper)"/>${chart}`,
  });
}
