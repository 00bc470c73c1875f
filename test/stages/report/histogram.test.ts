import { expect, test } from 'vitest';
import { histogram } from '../../../stages/report/histogram.ts';

test('values are counted in equal bins; the ends take what lies beyond them', () => {
  expect(histogram([-1, 0, 0.4, 0.5, 1, 7], [0, 1], 2)).toEqual({ edges: [0, 0.5, 1], counts: [3, 3] });
});
