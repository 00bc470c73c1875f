import { expect, test } from 'vitest';
import { type Series, chartKey, drawChart, pathOf } from '../../../src/kit/draw/chart.ts';

test('a line breaks where there is no value', () => {
  const points = [
    [0, 10],
    [1, 20],
    [2, NaN],
    [3, 30],
    [4, 40],
  ] as const;
  expect(pathOf('line', points, '99')).toBe('M0 10L1 20M3 30L4 40');
  expect(pathOf('dots', points, '99')).toBe('M0 10h0M1 20h0M3 30h0M4 40h0');
});

test('steps keep their height until the next point, and areas reach down to the base', () => {
  expect(
    pathOf(
      'step',
      [
        [0, 10],
        [5, 20],
      ],
      '99',
    ),
  ).toBe('M0 10H5V20');
  expect(
    pathOf(
      'area',
      [
        [0, 10],
        [5, 20],
      ],
      '99',
    ),
  ).toBe('M0 99V10H5V20V99Z');
  expect(pathOf('area', [], '99')).toBe('');
});

const loss: Series = {
  name: 'loss',
  kind: 'line',
  colour: 0,
  points: [
    [0, 0],
    [10, 5],
  ],
};

test('a chart is drawn from its data: axes with their ticks, marks, a path per series', () => {
  const svg = drawChart({
    summary: 'Loss "so far"',
    x: { label: 'step', domain: [0, 10] },
    y: { label: 'loss', domain: [0, 5] },
    series: [loss],
    marks: [{ x: 5, label: 'rate 0.01' }],
  }).text;
  expect(svg).toContain('aria-label="Loss &quot;so far&quot;"');
  expect(svg).toContain('data-x="linear 0 10 44 386 step"');
  expect(svg).toContain('data-y="linear 0 5 212 26 loss"');
  expect(svg).toMatch(/class="series line c0"\s+data-name="loss" d="M44 212L386 26"/);
  expect([...svg.matchAll(/<text[^>]*>([^<]*)<\/text\s*>/g)].map(([, text]) => text)).toEqual([
    ...['0', '1', '2', '3', '4', '5', 'loss', '0', '2', '4', '6', '8', '10', 'step', 'rate 0.01'],
  ]);
});

test('a key names the series of a chart that has several', () => {
  const mean: Series = { ...loss, name: '<mean>', colour: 1 };
  expect(chartKey([loss]).text).not.toContain('<li');
  expect(chartKey([loss, { ...loss, name: '' }]).text).not.toContain('<li');
  expect(chartKey([loss, mean]).text).toContain('<li class="c1"><i class="swatch line"></i>&lt;mean&gt;</li>');
});

test('a band is a closed area, and a probit axis tells its ends as quantiles', () => {
  const points = [
    [0.01, 0.3],
    [0.5, 0.1],
    [0.5, 0.05],
    [0.01, 0.2],
  ] as const;
  const rates = { domain: [0.01, 0.5], kind: 'probit' } as const;
  const { text } = drawChart({
    summary: 'both errors',
    ...{ x: { label: 'FMR', ...rates }, y: { label: 'FNMR', ...rates } },
    series: [{ name: '', kind: 'band', colour: 0, points }],
  });
  expect(text).toMatch(/class="series band c0" {2}d="M44 [\d.]+L386 [\d.]+L386 [\d.]+L44 [\d.]+Z"/);
  expect(text).toContain('data-x="probit -2.3263');
});

test('the base line is at the bottom, whether a tick is there or all are above it', () => {
  const linesOf = (domain: readonly [number, number]): readonly string[] =>
    [
      ...drawChart({
        ...{ summary: 'Share', x: { label: 'rank', domain: [1, 100], kind: 'log' }, series: [] },
        y: { label: 'share', domain },
      }).text.matchAll(/class="(base|grid)" d="M44 ([\d.]+)H386"/g),
    ].map(([, kind, at]) => `${kind} ${at}`);
  expect(linesOf([0, 1]).filter((line) => line.startsWith('base'))).toEqual(['base 212']);
  expect(linesOf([0, 1])).toHaveLength(6);
  const above = linesOf([0.87, 1]);
  expect(above.filter((line) => line.startsWith('base'))).toEqual(['base 212']);
  expect(above.filter((line) => line.startsWith('grid')).map((line) => Number(line.slice(5)))).toEqual(
    [0.9, 0.95, 1].map((tick) => Math.round((212 - (186 * (tick - 0.87)) / 0.13) * 10) / 10),
  );
});
