import { describe, expect, it } from 'vitest';
import { Random } from '../../../../src/core/random.ts';
import { CodeTable } from '../../../../src/kit/face/search/code-table.ts';
import { mostOfQuery, mostOfRow } from '../../../../src/kit/face/similarity/quantized.ts';
import { quantized } from '../similarity/quantized-vector.ts';
import { type FoundVector, type VectorOwner, VectorSearch } from '../../../../src/kit/face/search/vector-search.ts';
import { exactScore } from '../../../../src/kit/face/similarity/exact-score.ts';

function scoreOf(one: Float32Array, other: Float32Array): number {
  return exactScore({ values: one, at: 0 }, { values: other, at: 0 }, one.length);
}

/** Around `centre`, the nearer the smaller `spread` is; of length 1. */
function drawn(
  random: Random,
  columns: number,
  { centre, spread = 1 }: { centre?: Float32Array; spread?: number } = {},
) {
  const values = Float64Array.from({ length: columns }, (_, column) => {
    return (centre?.[column] ?? 0) + spread * (random.uniform() + random.uniform() - 1);
  });
  const length = Math.hypot(...values);
  return Float32Array.from(values, (value) => value / length);
}

interface Stored extends VectorOwner {
  readonly group: number;
}

/** Vectors of a few kinds that are hard to tell apart: near each other, equal, with one large number, with nothing. */
function hardVectors(count: number, columns: number): Map<number, Stored> {
  const random = Random.derive(1, 'hard vectors');
  const centres = Array.from({ length: 5 }, () => drawn(random, columns));
  const stored = new Map<number, Stored>();
  for (let id = 1; id <= count; id += 1) {
    const centre = centres[id % 5] ?? new Float32Array(columns);
    const earlier = stored.get(id - 7)?.vector ?? centre;
    const vector = [
      () => drawn(random, columns),
      () => drawn(random, columns, { centre, spread: 0.01 }),
      () => drawn(random, columns, { centre, spread: 1e-4 }),
      () => earlier,
      () => Float32Array.from(earlier, (value, column) => (column === id % columns ? 1 : value * 1e-3)),
    ][id % 5]?.();
    stored.set(id, { id, owner: `p${id % 97}`, group: 1 + (id % 11 === 0 ? 1 : 0), vector: vector ?? centre });
  }
  return stored;
}

/** All are compared. */
function nearestOf(stored: Iterable<Stored>, query: Float32Array, { group, count }: { group: number; count: number }) {
  const best = new Map<string, FoundVector>();
  const found = [...stored]
    .filter((each) => each.group === group)
    .map(({ id, owner, vector }) => ({ id, owner, score: scoreOf(query, vector) }))
    .sort((a, b) => b.score - a.score || a.id - b.id);
  for (const each of found) if (!best.has(each.owner)) best.set(each.owner, each);
  return [...best.values()].slice(0, count);
}

describe.each([100, 512])('exact search among vectors of %i numbers', (columns) => {
  it('answers what comparing all of them answers, however near they are, while some come and others go', async () => {
    const stored = hardVectors(3000, columns);
    const random = Random.derive(2, 'queries');
    const search = new VectorSearch({ columns, threads: 2 });
    await search.add([...stored.values()]);
    const read = (ids: readonly number[]): VectorOwner[] => ids.flatMap((id) => stored.get(id) ?? []);
    let next = 10_000;
    for (let round = 0; round < 20; round += 1) {
      const near = [...stored.values()][Math.floor(random.uniform() * stored.size)]?.vector;
      const query = round % 3 === 0 ? drawn(random, columns) : near;
      if (near === undefined || query === undefined) throw new Error('there are vectors');
      for (const count of [1, 5, 96]) {
        const asked = { group: 1 + (round % 2), count };
        const found = await search.nearest({ ...asked, query, read });
        expect(found).toEqual(nearestOf(stored.values(), query, asked));
      }
      const leaving = [...stored.keys()].filter((id) => id % 40 === round);
      const coming = Array.from({ length: 20 }, () => {
        const own = {
          owner: `q${next % 13}`,
          group: 1,
          vector: drawn(random, columns, { centre: near, spread: 0.02 }),
        };
        return { id: (next += 1), ...own };
      });
      // A search that is asked for before a change is of what was there before.
      const before = nearestOf(stored.values(), query, { group: 1, count: 3 });
      const asked = search.nearest({ query, group: 1, count: 3, read });
      const removed = search.remove(() => leaving.filter((id) => stored.delete(id)));
      expect(await asked).toEqual(before);
      await removed;
      for (const each of coming) stored.set(each.id, each);
      await search.add(coming);
      expect(search.size).toBe(stored.size);
    }
    await search.close();
  });

  it('reads few of the vectors themselves', async () => {
    const random = Random.derive(5, 'many vectors');
    const stored = Array.from({ length: 6000 }, (_, id) => {
      return { id, owner: `p${id}`, group: 1, vector: drawn(random, columns) };
    });
    const search = new VectorSearch({ columns, threads: 2 });
    await search.add(stored);
    const asked = { group: 1, count: 5 };
    for (let round = 0; round < 10; round += 1) {
      const query = drawn(random, columns);
      let reads = 0;
      const read = (ids: readonly number[]): VectorOwner[] => {
        reads += ids.length;
        return ids.flatMap((id) => stored[id] ?? []);
      };
      expect(await search.nearest({ ...asked, query, read })).toEqual(nearestOf(stored, query, asked));
      expect(reads).toBeLessThan(stored.length / 10);
    }
    await search.close();
  });

  it('knows how far a score may be from the exact one', () => {
    const table = new CodeTable(columns);
    const stored = [...hardVectors(600, columns).values()];
    for (const [row, { vector }] of stored.entries()) table.write(row, 1, vector);
    const random = Random.derive(3, 'queries');
    let widest = 0;
    for (const query of [drawn(random, columns), stored[3]?.vector, new Float32Array(columns), stored[4]?.vector]) {
      if (query === undefined) throw new Error('there are vectors');
      table.score(query, 1);
      const [least, most] = [table.highest(stored.length), table.reaching(-2)];
      expect([least.length, most.length]).toEqual([stored.length, stored.length]);
      const leastOf = new Map(least.map(({ row, score }) => [row, score]));
      for (const { row, score } of most) {
        const exact = scoreOf(query, stored[row]?.vector ?? query);
        expect(exact).toBeLessThanOrEqual(score);
        expect(exact).toBeGreaterThanOrEqual(leastOf.get(row) ?? NaN);
        widest = Math.max(widest, score - (leastOf.get(row) ?? NaN));
      }
    }
    // A byte for each number tells more than nothing.
    expect(widest).toBeLessThan(0.1);
  });
});

it('whole numbers of a vector are as far from it as they say, and sums of their products fit into 32 bits', () => {
  const random = Random.derive(4, 'quantize');
  for (const vector of [
    drawn(random, 512),
    new Float32Array(512),
    Float32Array.of(1, -1e-9, 1e-30),
    drawn(random, 7),
  ]) {
    const { scale, error, length, codes } = quantized(vector, mostOfRow);
    expect(Math.max(...codes.map(Math.abs))).toBeLessThanOrEqual(mostOfRow);
    const away = Math.hypot(...vector.map((value, column) => value - scale * (codes[column] ?? 0)));
    expect(error).toBeGreaterThanOrEqual(away * (1 - 1e-12));
    expect(error).toBeLessThanOrEqual((scale / 2) * Math.sqrt(vector.length) * (1 + 1e-6));
    expect(length).toBeGreaterThanOrEqual(Math.hypot(...vector));
  }
  for (const columns of [1, 128, 512, 4096, 100_000]) {
    expect(mostOfQuery(columns) * mostOfRow * columns).toBeLessThan(2 ** 31);
    expect(mostOfQuery(columns)).toBeGreaterThan(0);
  }
});

it('refuses vectors of another length, and groups without a number', async () => {
  const search = new VectorSearch({ columns: 4, threads: 1 });
  await expect(search.add([{ id: 1, group: 1, vector: new Float32Array(3) }])).rejects.toThrow('a vector of 3 numbers');
  await expect(search.add([{ id: 1, group: 0, vector: new Float32Array(4) }])).rejects.toThrow('numbered from 1 on');
  await search.close();
});
