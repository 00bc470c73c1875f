import { expect, test } from 'vitest';
import { fixed, groupedInteger, percentText, powerLabel, tickLabels } from '../../../src/kit/draw/number-text.ts';

test('large integers are grouped by narrow spaces that do not break', () => {
  expect([9, 960, 9600, 1234567.4].map(groupedInteger)).toEqual(['9', '960', '9\u202f600', '1\u202f234\u202f567']);
});

test('negative numbers have a true minus sign, and what is no number a dash', () => {
  expect([fixed(-0.25, 2), fixed(1 / 3, 4), fixed(NaN, 2)]).toEqual(['−0.25', '0.3333', '–']);
  expect(fixed(2.59e23, 2)).toBe('2.59e+23');
  expect(percentText(0.9123)).toBe('91.2\u202f%');
});

test('all ticks of an axis have as many digits as the finest needs', () => {
  expect(tickLabels([0, 0.5, 1])).toEqual(['0.0', '0.5', '1.0']);
  expect(tickLabels([0, 100, 200])).toEqual(['0', '100', '200']);
  expect(tickLabels([0, 50_000, 100_000])).toEqual(['0', '50k', '100k']);
  expect(tickLabels([0, 1_500_000])).toEqual(['0', '1.5M']);
  expect(tickLabels([])).toEqual([]);
});

test('rates below a thousandth are written as powers', () => {
  expect([1, 0.1, 0.001, 1e-4, 1e-12].map(powerLabel)).toEqual(['1', '0.1', '0.001', '10⁻⁴', '10⁻¹²']);
});
