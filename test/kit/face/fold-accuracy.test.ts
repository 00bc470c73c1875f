import { describe, expect, it } from 'vitest';
import { foldAccuracy } from '../../../src/kit/face/fold-accuracy.ts';
import { vectorPairs } from './verification-vector.ts';

describe('accuracy over folds', () => {
  const result = foldAccuracy(vectorPairs, 10);

  it('returns the fold accuracies and thresholds of the 2018 system on its test vector', () => {
    expect(vectorPairs.same.filter(Boolean)).toHaveLength(302);
    expect(result.folds.map((fold) => fold.accuracy.toFixed(6))).toEqual([
      ...['0.883333', '0.916667', '0.933333', '0.900000', '0.883333'],
      ...['0.850000', '0.883333', '0.916667', '0.916667', '0.900000'],
    ]);
    expect(result.folds.map((fold) => fold.threshold.toFixed(2))).toEqual([
      ...['1.90', '1.96', '1.96', '2.03', '1.96', '1.90', '1.99', '1.96', '1.96', '1.96'],
    ]);
    expect(result.accuracy.toFixed(5)).toBe('0.89833');
    expect(result.deviation.toFixed(5)).toBe('0.02291');
  });

  it('has a ROC that starts at nothing accepted, never falls and ends with nearly all accepted', () => {
    expect(result.roc).toHaveLength(400);
    expect(result.roc[0]).toEqual({ threshold: 0, falsePositiveRate: 0, truePositiveRate: 0 });
    for (let index = 1; index < result.roc.length; index += 1) {
      expect(result.roc[index]?.truePositiveRate).toBeGreaterThanOrEqual(result.roc[index - 1]?.truePositiveRate ?? 1);
      expect(result.roc[index]?.falsePositiveRate).toBeGreaterThanOrEqual(
        result.roc[index - 1]?.falsePositiveRate ?? 1,
      );
    }
    expect(result.roc[399]?.truePositiveRate).toBe(1);
    expect(result.roc[399]?.falsePositiveRate).toBeGreaterThan(0.98);
  });

  it('takes the first of the best thresholds and compares strictly', () => {
    // 0.3 is 30 * 0.01 in double precision, so threshold 30 does not accept it and 31 is the first that does.
    const pairs = { distances: [0.3, 0.3, 1, 1], same: [true, true, false, false] };
    expect(foldAccuracy(pairs, 1).folds).toEqual([{ pairs: 4, threshold: 0.31, accuracy: 1 }]);
    // Fold 1 learns from different pairs alone: threshold 0 is right on all of them and is the first.
    expect(foldAccuracy(pairs, 2).folds.map((fold) => fold.threshold)).toEqual([0, 0.31]);
  });

  it('decides every pair as a plain comparison with each threshold would', () => {
    for (const distance of [0, 0.01, 0.07, 0.29, 0.57, 1.13, 1.15, 3.98, 3.99, 4]) {
      const { roc } = foldAccuracy({ distances: [distance], same: [true] }, 1);
      expect(roc.map((point) => point.truePositiveRate)).toEqual(
        Array.from({ length: 400 }, (_, i) => (distance < i * 0.01 ? 1 : 0)),
      );
    }
  });
});
