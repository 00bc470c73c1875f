import { expect, test } from 'vitest';
import { linearScale, linearTicks, logScale, niceDomain } from '../../../src/kit/draw/scale.ts';

test('ticks are multiples of 1, 2 or 5 without rounding noise', () => {
  expect(linearTicks(0, 1, 5)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
  expect(linearTicks(0, 180_000, 5)).toEqual([0, 50_000, 100_000, 150_000]);
  expect(linearTicks(-0.3, 0.3, 5)).toEqual([-0.2, 0, 0.2]);
});

test('a domain grows to the next ticks, and is never empty', () => {
  expect(niceDomain([0.3, 13.2])).toEqual([0, 15]);
  expect(niceDomain([5, NaN, 5])).toEqual([0, 10]);
  expect(niceDomain([-2])).toEqual([-4, 0]);
  expect(niceDomain([0, 0])).toEqual([0, 1]);
  expect(niceDomain([])).toEqual([0, 1]);
});

test('values outside of the domain stay at its ends', () => {
  const scale = linearScale([0, 10], [100, 200]);
  expect([-5, 0, 2.5, 10, 99].map((value) => scale.at(value))).toEqual([100, 100, 125, 200, 200]);
});

test('a logarithmic scale has its ticks at powers of ten', () => {
  const scale = logScale([0.001, 1], [0, 300]);
  expect(scale.ticks).toEqual([0.001, 0.01, 0.1, 1]);
  expect([0, 0.001, 0.1, 1].map((value) => Math.round(scale.at(value)))).toEqual([0, 0, 200, 300]);
});

test('a domain of one value is still a scale', () => {
  expect(linearScale([3, 3], [0, 100]).at(3)).toBe(0);
});
