import { expect, test } from 'vitest';
import { areaUnderCurve } from '../../../src/kit/face/area-under-curve.ts';
import { operatingPoint, rocCurve } from '../../../stages/report/roc.ts';
import { sampleVerification } from './sample-content.ts';

test('the curve goes up with every same pair and right with every different one', () => {
  const distances = [0.1, 0.2, 0.3, 0.4];
  expect(rocCurve({ distances, same: [true, false, true, false] })).toEqual([
    [0, 0],
    [0, 0.5],
    [0.5, 0.5],
    [0.5, 1],
    [1, 1],
  ]);
});

test('pairs at the same distance are accepted together', () => {
  expect(rocCurve({ distances: [0.5, 0.5], same: [true, false] })).toEqual([
    [0, 0],
    [1, 1],
  ]);
});

test('there is no curve where one of the kinds is missing', () => {
  expect(rocCurve({ distances: [0.5], same: [true] })).toEqual([]);
});

test('the area below the drawn curve is the area that the verification measured', () => {
  const result = sampleVerification('any', 3, 400);
  const points = rocCurve(result);
  const area = points.slice(1).reduce((sum, [x, y], index) => {
    const [beforeX, beforeY] = points[index] ?? [0, 0];
    return sum + ((x - beforeX) * (y + beforeY)) / 2;
  }, 0);
  expect(area).toBeCloseTo(result.areaUnderCurve, 9);
  expect(area).toBeCloseTo(areaUnderCurve({ distances: Float64Array.from(result.distances), same: result.same }), 9);
});

test('the operating point is where the threshold stands on the curve', () => {
  const pairs = { distances: [0.1, 0.2, 0.3, 0.4], same: [true, false, true, false] };
  expect(operatingPoint(pairs, 0.35)).toEqual([0.5, 1]);
  expect(operatingPoint({ distances: [], same: [] }, 1)).toEqual([0, 0]);
});
