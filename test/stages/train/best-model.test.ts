import { describe, expect, it } from 'vitest';
import { bestOf } from '../../../stages/train/best-model.ts';
import type { Curve } from '../../../src/kit/net/training/training-log.ts';

function curves(sets: Readonly<Record<string, readonly number[]>>): Curve[] {
  return Object.entries(sets).map(([name, accuracies]) => ({
    name: `verification/${name}`,
    points: accuracies.map((accuracy, index) => [2000 * (index + 1), accuracy] as const),
  }));
}

describe('the best verification', () => {
  const sets = curves({
    lfw: [0.9, 0.95, 0.95, 0.94],
    cfp_fp: [0.7, 0.6, 0.9, 0.8],
    agedb_30: [0.8, 0.7, 0.7, 0.85],
  });

  it.each([
    [undefined, { step: 4000, accuracy: 0.95, since: 2 }],
    ['first', { step: 4000, accuracy: 0.95, since: 2 }],
    ['last', { step: 8000, accuracy: 0.85, since: 0 }],
    ['mean', { step: 8000, accuracy: expect.closeTo((0.94 + 0.8 + 0.85) / 3, 12) as number, since: 0 }],
  ] as const)('by %s is the first with the highest accuracy', (rule, expected) => {
    expect(bestOf(sets, rule)).toEqual(expected);
  });

  it('is none where there was no verification, nor by the rule of 2018 below 0.99', () => {
    expect(bestOf([])).toBeUndefined();
    expect(bestOf(sets, 'original')).toBeUndefined();
  });

  // What src/train_softmax.py saves, verification by verification, worked out by hand from section 4.7 of its description.
  it.each([
    ['a new highest accuracy of the first set saves from 0.998 on', [0.997, 0.998, 0.998], [0.9, 0.8, 0.8], 2],
    ['the last set saves from 0.99 of the first on', [0.98, 0.99, 0.991], [0.9, 0.95, 0.94], 2],
    ['an equal accuracy of the last set saves again', [0.99, 0.99, 0.99], [0.9, 0.95, 0.95], 3],
    ['a highest accuracy of the last set that was not saved counts as one', [0.9, 0.995, 0.995], [0.97, 0.96, 0.97], 3],
    ['the first set saves though the last one has been better', [0.99, 0.999, 0.998], [0.95, 0.9, 0.9], 2],
  ] as const)('by the rule of 2018: %s', (_, first, last, saved) => {
    const best = bestOf(curves({ lfw: first, middle: [1, 1, 1], agedb_30: last }), 'original');
    expect(best).toEqual({ step: 2000 * saved, accuracy: first[saved - 1], since: 3 - saved });
  });
});
