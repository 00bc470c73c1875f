import { describe, expect, it } from 'vitest';
import { Random } from '../../../../src/core/random.ts';
import { groupRates } from '../../../../src/kit/face/groups/group-rates.ts';
import { differenceOfRates } from '../../../../src/kit/face/groups/rate-gap.ts';
import { resamplingOf } from '../../../../src/kit/face/uncertainty/resampling.ts';
import { acceptancesAt, sortPairs } from '../../../../src/kit/face/uncertainty/sorted-pairs.ts';
import { simulatedSet } from '../../../../bench/intervals/simulated-set.ts';

const { pairs, images } = simulatedSet(3, {
  ...{ people: 300, pairs: 6000, apart: false, deviation: 0.3, otherDeviation: 0.3 },
});
const names = ['one', 'two', 'three'];
/** A third of the people is in each group, but every tenth in none. */
const of = images.map((person) => (person % 10 === 0 ? -1 : person % 3));
const people = resamplingOf(images, pairs.same);
const points = acceptancesAt(sortPairs(pairs), new Float64Array(6000).fill(1), [0.01, 0.1]).map(
  ({ far, distance }, index) => ({ far: [0.01, 0.1][index] ?? NaN, reached: far, distance }),
);
const found = groupRates({ pairs, people, groups: names, of, points, draws: 200, seed: 1 });

describe('rates by group', () => {
  it('are those that counting pair by pair gives, at the threshold of the whole set', () => {
    for (const { distance, cells } of found) {
      expect(cells.map(({ groups }) => groups.join(' x '))).toEqual([
        ...['one', 'two', 'three', 'one x two', 'one x three', 'two x three'],
      ]);
      for (const { groups, fnmr, fmr } of cells) {
        const wanted = groups.map((name) => names.indexOf(name));
        const [low, high] = [wanted[0], wanted[1] ?? wanted[0]];
        const counts = { same: 0, rejected: 0, different: 0, accepted: 0 };
        for (const [pair, isSame] of Array.from(pairs.same).entries()) {
          const both = [of[2 * pair] ?? -1, of[2 * pair + 1] ?? -1].sort((one, other) => one - other);
          if (both[0] !== low || both[1] !== high) continue;
          const isNear = (pairs.distances[pair] ?? 0) <= distance;
          counts[isSame ? 'same' : 'different'] += 1;
          if (isSame && !isNear) counts.rejected += 1;
          if (!isSame && isNear) counts.accepted += 1;
        }
        // Pairs of one person are of one group: across two there are none.
        expect(fnmr === undefined).toBe(groups.length === 2);
        if (fnmr) expect([fnmr.pairs, fnmr.errors]).toEqual([counts.same, counts.rejected]);
        expect([fmr?.pairs, fmr?.errors]).toEqual([counts.different, counts.accepted]);
        expect(fmr?.value).toBeCloseTo(counts.accepted / counts.different, 12);
      }
    }
  });

  it('are in their intervals, which are wider than those of the whole set would be, and the same for the same seed', () => {
    for (const rate of found.flatMap(({ cells }) => cells.flatMap(({ fnmr, fmr }) => [fnmr ?? [], fmr ?? []].flat()))) {
      expect(rate.interval?.low).toBeLessThanOrEqual(rate.value);
      expect(rate.interval?.high).toBeGreaterThanOrEqual(rate.value);
    }
    const [whole] = groupRates({ pairs, people, groups: ['all'], of: of.map(() => 0), points, draws: 200, seed: 1 });
    const width = (rate: { interval?: { low: number; high: number } } | undefined): number =>
      (rate?.interval?.high ?? NaN) - (rate?.interval?.low ?? NaN);
    expect(width(found[0]?.cells[0]?.fnmr)).toBeGreaterThan(1.2 * width(whole?.cells[0]?.fnmr));
    expect(groupRates({ pairs, people, groups: names, of, points, draws: 200, seed: 1 })).toEqual(found);
  });

  it('have no interval where a group has fewer than ten people, and are told all the same', () => {
    const few = images.map((person) => (person < 6 ? 0 : 1));
    const [point] = groupRates({ pairs, people, groups: ['few', 'others'], of: few, points, draws: 50, seed: 1 });
    expect(point?.cells[0]?.fnmr).toMatchObject({ units: 6 });
    expect(point?.cells[0]?.fnmr?.interval).toBeUndefined();
    expect(point?.gaps.map(({ interval, verdict }) => [interval, verdict])).toContainEqual([undefined, 'undecided']);
  });
});

describe('the gap between two groups', () => {
  it('is found where one group is much worse, and undecided where they differ in nothing', () => {
    const shifted = Array.from(pairs.distances, (distance, pair) =>
      pairs.same[pair] === true && of[2 * pair] === 0 ? distance + 0.4 : distance,
    );
    const [worse] = groupRates({
      ...{ pairs: { ...pairs, distances: shifted }, people, groups: names, of, points: points.slice(1) },
      ...{ draws: 200, seed: 1 },
    });
    const gap = worse?.gaps.find(({ kind, groups }) => kind === 'fnmr' && groups.join() === 'one,two');
    expect(gap?.verdict).toBe('higher');
    expect(gap?.value).toBeGreaterThan(0.02);
    expect(found[1]?.gaps.filter(({ verdict }) => verdict !== 'undecided')).toEqual([]);
    expect(found[1]?.gaps.map(({ kind, groups }) => `${kind} ${groups.join(' less ')}`)).toContain(
      'fmr one less three',
    );
  });

  it('takes out what both share on the same draws', () => {
    const random = new Random(1);
    const draws = Array.from({ length: 500 }, () => 0.1 + 0.01 * random.normal());
    const interval = { low: 0.08, high: 0.12 };
    const rate = (group: string, values: readonly number[]) => ({
      ...{ group, kind: 'fmr' as const, rate: { value: 0.1, interval }, draws: values },
    });
    const together = differenceOfRates(rate('one', draws), rate('two', draws));
    const apart = differenceOfRates(
      rate('one', draws),
      rate(
        'two',
        draws.map(() => 0.1 + 0.01 * random.normal()),
      ),
    );
    expect(together.interval?.high).toBeCloseTo(0, 9);
    expect(apart.interval?.high).toBeCloseTo(Math.SQRT2 * 0.02, 2);
  });

  it('has the doubt of the rule of three where neither group has an error', () => {
    const none = (group: string) => ({
      ...{ group, kind: 'fnmr' as const, draws: [0, 0, 0], rate: { value: 0, interval: { low: 0, high: 0.03 } } },
    });
    expect(differenceOfRates(none('one'), none('two'))).toMatchObject({
      ...{ value: 0, interval: { low: -0.03, high: 0.03 }, verdict: 'undecided' },
    });
  });
});
