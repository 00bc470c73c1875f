import { expect, test } from 'vitest';
import { type Point, drops, smooth, smoothingWindow, thin } from '../../../stages/report/curves.ts';

test('a smoothed point is the mean of those around it, fewer at the ends', () => {
  const points: Point[] = [
    [1, 0],
    [2, 3],
    [3, 6],
    [4, 0],
  ];
  expect(smooth(points, 3)).toEqual([
    [1, 1.5],
    [2, 3],
    [3, 3],
    [4, 3],
  ]);
  expect(smooth(points, 1)).toEqual(points);
});

test('what is not a number is left out of the mean, and stays a gap where nothing is known', () => {
  const points: Point[] = [
    [1, 2],
    [2, NaN],
    [3, 4],
  ];
  expect(smooth(points, 3)).toEqual([
    [1, 2],
    [2, 3],
    [3, 4],
  ]);
  expect(smooth([[1, NaN]], 1)).toEqual([[1, NaN]]);
});

test('short curves are shown as they are, long ones over a thirtieth of their points', () => {
  expect([0, 10, 59, 60, 160, 9000].map(smoothingWindow)).toEqual([1, 1, 1, 3, 5, 301]);
});

test('thinning keeps every peak and every gap', () => {
  const flat = Array.from({ length: 1000 }, (_, index): Point => [index, 1]);
  const peaked = flat.map(([x, y]): Point => (x === 503 ? [x, 9] : x === 700 ? [x, NaN] : [x, y]));
  const thinned = thin(peaked, 100);
  expect(thinned.length).toBeLessThanOrEqual(100);
  expect(thinned).toContainEqual([503, 9]);
  expect(thinned).toContainEqual([700, NaN]);
  expect(thinned.map(([x]) => x)).toEqual(thinned.map(([x]) => x).toSorted((a, b) => a - b));
  expect(thin(flat.slice(0, 100), 100)).toHaveLength(100);
});

test('a drop is where the rate falls by the schedule, not where it warms up or fades', () => {
  const points: Point[] = [
    [20, 0.05],
    [40, 0.1],
    [60, 0.1],
    [80, 0.01],
    [100, 0.0095],
    [120, 0.001],
  ];
  expect(drops({ name: 'learningRate', points })).toEqual([
    { after: 60, step: 80, value: 0.01 },
    { after: 100, step: 120, value: 0.001 },
  ]);
});
