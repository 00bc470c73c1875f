import { expect, it } from 'vitest';
import { Random } from '../../../src/core/random.ts';
import { IdentityCentres } from '../../../src/kit/face/identity-centres.ts';
import { nearestRows } from '../../../src/kit/face/nearest-rows.ts';
import { openProducts } from '../../../src/kit/face/similarity/products.ts';
import { vectorsInMemory } from '../../../src/kit/face/similarity/vector-source.ts';
import { trainingEngine } from '../../../src/kit/net/engines/choose-engine.ts';

const columns = 3;
const { signal } = new AbortController();

/** Random directions. More than one block of a product has. */
function centresOf(identities: number, seed: number): IdentityCentres {
  const random = new Random(seed);
  const centres = new IdentityCentres(columns);
  for (let identity = 0; identity < identities; identity += 1) {
    for (let image = 0; image < 2; image += 1) {
      const row = Array.from({ length: columns }, () => random.normal());
      centres.add(
        identity,
        row.map((value) => value / Math.hypot(...row)),
      );
    }
  }
  expect(centres.normalize()).toBe(undefined);
  return centres;
}

const cosine = (one: Float32Array, other: Float32Array): number =>
  one.reduce((sum, value, at) => sum + value * (other[at] ?? NaN), 0);

it('finds the nearest of all others across blocks, but for pairs that do not count', async () => {
  const [rows, others] = [centresOf(2100, 1), centresOf(2300, 2)];
  const products = await openProducts({ engine: trainingEngine('cpu').identity, threads: 1, columns });
  const leavesOut = (row: number, other: number): boolean => (row + other) % 5 === 0;
  const { cosines, nearest } = await nearestRows({
    ...{ products, rows: rows.vectors(), others: others.vectors(), signal, leavesOut },
  });
  await products.dispose();
  for (let row = 0; row < 2100; row += 7) {
    let [place, best] = [-1, -Infinity];
    for (let other = 0; other < 2300; other += 1) {
      const score = leavesOut(row, other) ? -Infinity : cosine(rows.centre(row), others.centre(other));
      if (score > best) [place, best] = [other, score];
    }
    expect(cosines[row]).toBeCloseTo(best, 6);
    // Another one that is as near within float32 would do.
    expect(cosine(rows.centre(row), others.centre(nearest[row] ?? 0))).toBeCloseTo(best, 6);
    if (place !== nearest[row]) expect(leavesOut(row, nearest[row] ?? 0)).toBe(false);
  }
});

it('says that there is none where there is nothing to compare with', async () => {
  const products = await openProducts({ engine: trainingEngine('cpu').identity, threads: 1, columns });
  const rows = centresOf(2, 1).vectors();
  const none = await nearestRows({ products, rows, others: vectorsInMemory(new Float32Array(), columns), signal });
  expect({ cosines: [...none.cosines], nearest: [...none.nearest] }).toEqual({
    ...{ cosines: [-Infinity, -Infinity], nearest: [-1, -1] },
  });
  const left = await nearestRows({ products, rows, others: rows, signal, leavesOut: () => true });
  expect([...left.nearest]).toEqual([-1, -1]);
  await products.dispose();
});

it('a centre is the direction of the sum, and the first that has none is told', () => {
  const centres = new IdentityCentres(2);
  centres.add(1, [1, 0]);
  centres.add(1, [0, 1]);
  centres.add(3, [1, 0]);
  centres.add(3, [-1, 0]);
  expect(centres.normalize()).toBe(0);
  expect([...centres.centre(1)].map((value) => value.toFixed(6))).toEqual(['0.707107', '0.707107']);
  expect([...centres.centre(3)]).toEqual([0, 0]);
});
