import { expect, test } from 'vitest';
import { type Point, histogram, smooth, smoothingWindow, thin } from '../../../src/kit/draw/points.ts';

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

test('values are counted in equal bins; the ends count those beyond them', () => {
  expect(histogram([-1, 0, 0.4, 0.5, 1, 7], [0, 1], 2)).toEqual({ edges: [0, 0.5, 1], counts: [3, 3] });
});
