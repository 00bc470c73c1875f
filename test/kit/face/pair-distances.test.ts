import { expect, it } from 'vitest';
import { pairDistances, rowNorms } from '../../../src/kit/face/pair-distances.ts';

it('adds originals and mirrored, normalises and takes squared distances', () => {
  const original = Float32Array.of(1, 0, 0, 1, 3, 0, 1, 0);
  const mirrored = Float32Array.of(1, 2, 0, 1, 3, 0, -2, 0);
  // Pair 0: (2,2)/|.| against (0,1): 2 - 2 cos 45. Pair 1: (1,0) against (-1,0).
  const distances = pairDistances([original, mirrored], 2);
  expect(distances[0]).toBeCloseTo(2 - Math.SQRT2, 12);
  expect(distances[1]).toBe(4);
  expect([...pairDistances([original], 2)]).toEqual([2, 0]);
});

it('leaves a zero row at zero', () => {
  expect([...pairDistances([Float32Array.of(0, 0, 0, 5)], 2)]).toEqual([1]);
});

it('measures the norm of every row', () => {
  expect([...rowNorms(Float32Array.of(3, 4, 0, 0, 1, 0), 2)]).toEqual([5, 0, 1]);
});
