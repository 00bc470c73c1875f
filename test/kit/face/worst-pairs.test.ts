import { expect, it } from 'vitest';
import { wrongPairs } from '../../../src/kit/face/worst-pairs.ts';

it('lists wrong decisions, the farthest from the threshold of their fold first', () => {
  const pairs = {
    distances: [0.5, 1.5, 1.9, 0.4, 0.9, 1.2],
    same: [true, true, true, false, false, false],
  };
  const folds = [
    { pairs: 4, threshold: 1, accuracy: 0.25 },
    { pairs: 2, threshold: 1.3, accuracy: 0 },
  ];
  const { falseAccepts, falseRejects } = wrongPairs(pairs, folds);
  expect(falseAccepts.map(({ pair, threshold }) => [pair, threshold])).toEqual([
    [3, 1],
    [4, 1.3],
    [5, 1.3],
  ]);
  expect(falseRejects.map(({ pair, threshold }) => [pair, threshold])).toEqual([
    [2, 1],
    [1, 1],
  ]);
});
