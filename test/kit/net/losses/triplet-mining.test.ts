import { describe, expect, it } from 'vitest';
import { Random } from '../../../../src/core/random.ts';
import type { EmbeddedPool } from '../../../../src/kit/dataset/batch-order.ts';
import { chooseTriplets } from '../../../../src/kit/net/losses/triplet-mining.ts';

/** Points of a circle by their angles in degrees; the squared distance of two is 2 - 2 cos. */
function pool(...images: readonly (readonly [label: number, degrees: number])[]): EmbeddedPool {
  return {
    labels: Int32Array.from(images, ([label]) => label),
    embeddings: Float32Array.from(
      images.flatMap(([, degrees]) => [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)]),
    ),
  };
}

interface Options {
  readonly batch?: number;
  readonly margin?: number;
  readonly maxPositiveDistance?: number;
  readonly seed?: number;
}

function choose(
  from: EmbeddedPool,
  { batch = 3, margin = 0.3, maxPositiveDistance = 0, seed = 1 }: Options = {},
): number[] {
  return [...chooseTriplets(from, { batch, margin, maxPositiveDistance, random: new Random(seed) })];
}

/** The triplets of batches of one. */
function triplets(positions: readonly number[]): string[] {
  return Array.from({ length: positions.length / 3 }, (_, at) => positions.slice(3 * at, 3 * at + 3).join()).sort();
}

describe('chooseTriplets', () => {
  it('takes negatives that are further than the positive, by less than the margin, in squared distances', () => {
    // From the anchor at 0: the positive at 20 degrees is at 0.121, so a negative is at 0.121 to 0.421: 20 to 37.9 degrees.
    const images = [[7, 0], [7, 20], [8, 19.9], [9, 38.2], [10, -20.1]] as const; // prettier-ignore
    expect(triplets(choose(pool(...images)))).toEqual(['0,1,4']);
    expect(triplets(choose(pool(...images.slice(0, 4), [10, -37.8])))).toEqual(['0,1,4']);
    expect(choose(pool(...images.slice(0, 4)))).toEqual([]);
  });

  it('pairs every two images of an identity once, the first the anchor', () => {
    const images = [[0, 0], [0, 5], [0, 10], [1, 30], [2, 31], [3, -10]] as const; // prettier-ignore
    const pairs = triplets(choose(pool(...images), { margin: 4 })).map((triplet) =>
      triplet.slice(0, triplet.lastIndexOf(',')),
    );
    expect(pairs).toEqual(['0,1', '0,2', '1,2']);
  });

  it('draws the negative evenly from all that fit', () => {
    const images = [[0, 0], [0, 5], [1, 20], [2, 25], [3, -20]] as const; // prettier-ignore
    const counts = new Map<number, number>();
    for (let seed = 0; seed < 600; seed += 1) {
      const negative = choose(pool(...images), { seed })[2] ?? -1;
      counts.set(negative, (counts.get(negative) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual([2, 3, 4]);
    for (const count of counts.values()) expect(Math.abs(count - 200)).toBeLessThan(60);
  });

  it('leaves out pairs that are too far apart to be of one identity', () => {
    // 2 - 2 cos 60 = 1.
    const images = [[0, 0], [0, 60], [1, 65]] as const; // prettier-ignore
    expect(choose(pool(...images), { maxPositiveDistance: 1.01 })).toEqual([0, 1, 2]);
    expect(choose(pool(...images), { maxPositiveDistance: 0.99 })).toEqual([]);
  });

  it('sets anchors, positives and negatives as thirds of a batch, and leaves the rest out', () => {
    const images = Array.from({ length: 5 }, (_, identity) => [0, 10].map((degrees) => [identity, degrees] as const));
    const far = images.map((_, identity) => [100 + identity, 20 + identity] as const);
    const chosen = choose(pool(...images.flat(), ...far), { batch: 6, margin: 4 });
    expect(chosen.length).toBe(12);
    for (const start of [0, 6]) {
      const batch = chosen.slice(start, start + 6);
      for (const index of [0, 1]) {
        expect([(batch[index] ?? -1) % 2, batch[index + 2]]).toEqual([0, (batch[index] ?? -1) + 1]);
        expect(batch[index + 4]).not.toBe(batch[index]);
      }
    }
    expect(choose(pool(...images.flat(), ...far), { batch: 6, margin: 4 })).toEqual(chosen);
    expect(choose(pool(...images.flat(), ...far), { batch: 6, margin: 4, seed: 2 })).not.toEqual(chosen);
  });

  it('finds nothing where there is one identity, or no two images of one', () => {
    expect(choose(pool([0, 0], [0, 10], [0, 20]), { margin: 4 })).toEqual([]);
    expect(choose(pool([0, 0], [1, 10], [2, 20]), { margin: 4 })).toEqual([]);
  });
});
