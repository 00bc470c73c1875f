import { describe, expect, it } from 'vitest';
import { tarAtFar } from '../../../src/kit/face/tar-at-far.ts';
import { vectorPairs } from './verification-vector.ts';

describe('true acceptance at a false acceptance rate', () => {
  it('returns the VAL and FAR of the 2018 system on its test vector', () => {
    const [point] = tarAtFar(vectorPairs, 10, [1e-3]);
    expect(point?.tar.toFixed(6)).toBe('0.708652');
    expect(point?.deviation.toFixed(6)).toBe('0.015611');
    expect(point?.measuredFar.toFixed(6)).toBe('0.003226');
    expect(point?.threshold).toBeCloseTo((9 * 1.442268 + 1.446267) / 10, 5);
    expect(point?.folds).toBe(10);
  });

  it('accepts nothing where the rate is never reached, not even two images that are the same', () => {
    // Nearer than the threshold, which is 0 then: a distance of 0 is not.
    const pairs = { distances: [0, 4, 0.2, 4], same: [true, false, true, false] };
    expect(tarAtFar(pairs, 2, [0.1])).toEqual([
      { far: 0.1, tar: 0, deviation: 0, measuredFar: 0, threshold: 0, folds: 2 },
    ]);
  });

  it('leaves out folds that lack one kind of pair', () => {
    const pairs = { distances: [0.1, 0.2, 0.1, 3], same: [true, true, true, false] };
    expect(tarAtFar(pairs, 2, [0.5])[0]?.folds).toBe(1);
    expect(tarAtFar({ distances: [1, 2], same: [true, true] }, 2, [0.5])[0]).toMatchObject({ tar: 0, folds: 0 });
  });
});
