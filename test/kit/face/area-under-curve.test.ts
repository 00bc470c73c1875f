import { expect, it } from 'vitest';
import { areaUnderCurve } from '../../../src/kit/face/area-under-curve.ts';
import { vectorPairs } from './verification-vector.ts';

it('is 1 where every same pair is nearer, 0 where farther, and counts ties half', () => {
  expect(areaUnderCurve({ distances: [1, 2, 3, 4], same: [true, true, false, false] })).toBe(1);
  expect(areaUnderCurve({ distances: [1, 2, 3, 4], same: [false, false, true, true] })).toBe(0);
  expect(areaUnderCurve({ distances: [1, 1, 1, 2], same: [true, false, true, false] })).toBe(0.75);
});

it('agrees with counting every couple of a same and a different pair', () => {
  const same = vectorPairs.distances.filter((_, pair) => vectorPairs.same[pair]);
  const different = vectorPairs.distances.filter((_, pair) => !vectorPairs.same[pair]);
  const nearer = same.reduce(
    (sum, near) => sum + different.reduce((s, far) => s + (near < far ? 1 : near === far ? 0.5 : 0), 0),
    0,
  );
  expect(areaUnderCurve(vectorPairs)).toBeCloseTo(nearer / same.length / different.length, 12);
});

it('says nothing where one kind of pair is missing', () => {
  expect(areaUnderCurve({ distances: [1, 2], same: [true, true] })).toBe(0.5);
});
