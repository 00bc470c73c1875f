import { expect, it } from 'vitest';
import { contiguousFolds } from '../../../src/kit/face/folds.ts';

it('returns the first folds one item more where the items do not divide', () => {
  expect(contiguousFolds(11, 4).map(({ start, end }) => end - start)).toEqual([3, 3, 3, 2]);
});

it('covers all items in order without gaps', () => {
  for (const [items, folds] of [
    [10, 10],
    [600, 10],
    [7, 3],
    [5, 1],
  ] as const) {
    const ranges = contiguousFolds(items, folds);
    expect(ranges.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, i) => start + i))).toEqual(
      Array.from({ length: items }, (_, i) => i),
    );
  }
});
