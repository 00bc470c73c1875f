import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.ts';
import type { FacePair } from '../../../src/kit/codec/lists/face-pair.ts';
import { pairProtocol } from '../../../src/kit/codec/lists/pair-protocol.ts';
import { planPairs } from '../../../stages/synthesize/plan-pairs.ts';
import { failuresOf } from '../../kit/dataset/tiny-faces.ts';

const people = ['a', 'b', 'c', 'd', 'e'];

function keyOf({ left, right }: FacePair): string {
  return [`${left.name}${left.number}`, `${right.name}${right.number}`].sort().join(' ');
}

describe('planning pairs', () => {
  const protocol = planPairs({ people, imagesEach: 6, pairs: 100 }, new Random(3));

  it('fills ten folds, first the same people and then different ones in each', () => {
    expect(protocol).toMatchObject({ folds: 10, pairsPerFold: 5 });
    expect(protocol.pairs.map(({ same }) => same)).toEqual(Array.from({ length: 100 }, (_, index) => index % 10 < 5));
    expect(protocol.pairs.map(({ fold }) => fold)).toEqual(
      Array.from({ length: 100 }, (_, index) => Math.floor(index / 10) + 1),
    );
    for (const { left, right, same } of protocol.pairs) {
      expect(left.name === right.name).toBe(same);
      expect([left.number, right.number].every((number) => Number(number) >= 1 && Number(number) <= 6)).toBe(true);
    }
  });

  it('repeats no pair and compares no image with itself', () => {
    expect(new Set(protocol.pairs.map(keyOf)).size).toBe(100);
    expect(
      protocol.pairs.filter(({ left, right }) => left.name === right.name && left.number === right.number),
    ).toEqual([]);
  });

  it('takes about equally many same pairs of everybody', () => {
    for (const name of people) {
      expect(protocol.pairs.filter(({ same, left }) => same && left.name === name)).toHaveLength(10);
    }
  });

  it('can use every pair there is', () => {
    // 3 people x 3 pairs of their 3 images each; different: 3 x 9 = 27.
    const all = planPairs({ people: ['a', 'b', 'c'], imagesEach: 3, pairs: 18 }, new Random(1));
    expect(new Set(all.pairs.map(keyOf)).size).toBe(18);
    expect(all.folds).toBe(9);
  });

  it('writes a protocol that reads back, whatever number of folds divides the pairs', () => {
    for (const pairs of [2, 14, 22, 60]) {
      const planned = planPairs({ people, imagesEach: 6, pairs }, new Random(pairs));
      expect(planned.folds * planned.pairsPerFold * 2).toBe(pairs);
      const text = pairProtocol.encode(planned).toString();
      expect(text.trim().split('\n')).toHaveLength(pairs + 1);
    }
  });

  it('refuses more pairs than the people have', async () => {
    const [failure] = await failuresOf(() => planPairs({ people: ['a', 'b'], imagesEach: 2, pairs: 6 }, new Random(1)));
    expect(failure).toMatchObject({
      code: 'too-few-images',
      message:
        '3 pairs of the same and 3 of different people are asked for; 2 held-out people with 2 images each have 2 and 4',
    });
    const [single] = await failuresOf(() => planPairs({ people, imagesEach: 1, pairs: 2 }, new Random(1)));
    expect(single?.code).toBe('too-few-images');
  });
});
