import { expect, test } from 'vitest';
import {
  type Progress,
  percent,
  progressBar,
  progressParts,
  remainingMs,
} from '../../../src/pipeline/console/progress-text.ts';

const halfway: Progress = {
  ...{ done: 300, total: 600, unit: 'steps', figures: { 'images/s': 21.37, loss: 3.214 } },
  ...{ at: 101_000, since: { done: 200, at: 1000 } },
};

test('the time left is measured from where this attempt began, not from the start of the task', () => {
  expect(remainingMs(halfway, 101_000)).toBe(300_000);
  expect(remainingMs(halfway, 151_000)).toBe(250_000);
  expect(remainingMs(halfway, 501_000)).toBe(0);
});

test('no time left is shown before there is something to measure', () => {
  expect(remainingMs({ ...halfway, done: 200 }, 101_000)).toBeUndefined();
  expect(remainingMs({ ...halfway, total: undefined }, 101_000)).toBeUndefined();
});

test('the most telling parts come first', () => {
  expect(progressParts(halfway, 101_000)).toEqual([
    ...[' 50 %', '5 min 00 s left', '21.4 images/s', 'loss 3.21', '300 of 600 steps'],
  ]);
  expect(progressParts({ ...halfway, total: undefined, figures: {} }, 101_000)).toEqual(['300 steps']);
});

test('hundred percent means done', () => {
  expect([0, 5.99, 599, 600].map((done) => percent({ ...halfway, done }))).toEqual([0, 0, 99, 100]);
  expect(percent({ ...halfway, done: 0, total: 0 })).toBe(0);
});

test('a bar has the same length whatever its share', () => {
  expect([-1, 0, 0.5, 1, 2].map((share) => Object.values(progressBar(share, 4)).join(''))).toEqual([
    ...['╌╌╌╌', '╌╌╌╌', '━━╌╌', '━━━━', '━━━━'],
  ]);
});
