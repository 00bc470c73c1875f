import { describe, expect, it } from 'vitest';
import { Random } from '../../../../src/core/random.ts';
import { areaUnderCurve } from '../../../../src/kit/face/area-under-curve.ts';
import { foldAccuracy } from '../../../../src/kit/face/fold-accuracy.ts';
import { accuracyDifference } from '../../../../src/kit/face/uncertainty/accuracy-difference.ts';
import { proportionInterval } from '../../../../src/kit/face/uncertainty/proportion.ts';
import { resamplingOf } from '../../../../src/kit/face/uncertainty/resampling.ts';
import { setUncertainty } from '../../../../src/kit/face/uncertainty/set-uncertainty.ts';
import { acceptancesAt, separation, sortPairs } from '../../../../src/kit/face/uncertainty/sorted-pairs.ts';
import { WeightedFolds } from '../../../../src/kit/face/uncertainty/weighted-folds.ts';
import { coverageOf } from '../../../../bench/intervals/coverage.ts';
import { designs, simulatedSet as simulate, type SimulatedSet } from '../../../../bench/intervals/simulated-set.ts';

const once = (count: number): Float64Array => new Float64Array(count).fill(1);
const rates = [0.1, 0.01, 0.001];

/** Sixty pairs in each of ten folds without common people, of which a pair in twenty is decided wrongly. */
function simulatedSet(seed: number, people: number): SimulatedSet {
  return simulate(seed, { people, pairs: 600, apart: true, deviation: 0.3, otherDeviation: 0.3 });
}

describe('figures of pairs that count once', () => {
  const { pairs } = simulatedSet(1, 300);

  it('are those of the fold accuracy, and of the area under the curve', () => {
    const weighted = new WeightedFolds(pairs, 10);
    expect(weighted.accuracy(weighted.thresholds())).toBeCloseTo(foldAccuracy(pairs, 10).accuracy, 12);
    expect(separation(sortPairs(pairs), once(600)).areaUnderCurve).toBeCloseTo(areaUnderCurve(pairs), 12);
  });

  it('of one fold are chosen and tested on all pairs', () => {
    const weighted = new WeightedFolds(pairs, 1);
    expect(weighted.accuracy(weighted.thresholds())).toBeCloseTo(foldAccuracy(pairs, 1).accuracy, 12);
  });

  it('are those of a set in which pairs are there as often as they count', () => {
    const random = new Random(7);
    const weights = Float64Array.from({ length: 600 }, () => random.integer(4));
    const many = { distances: [] as number[], same: [] as boolean[] };
    for (const [pair, times] of weights.entries()) {
      for (let time = 0; time < times; time += 1) {
        many.distances.push(pairs.distances[pair] ?? 0);
        many.same.push(pairs.same[pair] === true);
      }
    }
    const all = once(many.same.length);
    const sorted = sortPairs(pairs);
    const repeated = sortPairs(many);
    expect(acceptancesAt(sorted, weights, [0.001, 0.05, 0.2])).toEqual(
      acceptancesAt(repeated, all, [0.001, 0.05, 0.2]),
    );
    expect(separation(sorted, weights).eer).toBeCloseTo(separation(repeated, all).eer, 12);
    expect(separation(sorted, weights).decidability).toBeCloseTo(separation(repeated, all).decidability, 10);
  });
});

describe('an operating point', () => {
  const sorted = sortPairs({
    distances: [0.1, 0.2, 0.2, 0.3, 0.4, 0.5, 0.5, 0.9],
    same: [true, true, false, true, false, true, false, false],
  });

  it('never has a false acceptance rate above its target, and takes ties together', () => {
    expect(acceptancesAt(sorted, once(8), [0, 0.2, 0.25, 0.5, 0.75, 1])).toEqual([
      { distance: 0.1, far: 0, tar: 0.25 },
      { distance: 0.1, far: 0, tar: 0.25 },
      { distance: 0.3, far: 0.25, tar: 0.75 },
      { distance: 0.4, far: 0.5, tar: 0.75 },
      { distance: 0.5, far: 0.75, tar: 1 },
      { distance: 0.9, far: 1, tar: 1 },
    ]);
  });

  it('accepts nothing where the nearest pair is a different one', () => {
    const wrong = sortPairs({ distances: [0.1, 0.2], same: [false, true] });
    expect(acceptancesAt(wrong, once(2), [0.1])).toEqual([{ distance: -1, far: 0, tar: 0 }]);
  });

  it('below one of the different pairs is not measurable', () => {
    const { pairs, images } = simulatedSet(1, 900);
    const { tarAtFar } = setUncertainty({ pairs, images, folds: 10, rates, draws: 20, seed: 1 });
    expect(tarAtFar.map(({ far, isMeasurable }) => [far, isMeasurable])).toEqual([
      [0.1, true],
      [0.01, true],
      [0.001, false],
    ]);
    for (const { far, reached } of tarAtFar.slice(0, 2)) expect(reached).toBeLessThanOrEqual(far);
    expect(JSON.parse(JSON.stringify(tarAtFar[2]))).toEqual({
      ...{ far: 0.001, value: null, reached: null, distance: null, isMeasurable: false },
    });
  });
});

describe('drawing people', () => {
  it('draws parts that share no person where there are such, and persons where there are none', () => {
    const apart = Array.from({ length: 120 }, (_, image) => image);
    const same = Array.from({ length: 60 }, (_, pair) => pair % 2 === 0);
    expect(resamplingOf(apart, same)).toMatchObject({ unit: 'groups', count: 60 });
    const joined = apart.map((image) => image % 12);
    expect(resamplingOf(joined, same).unit).toBe('people');
  });

  it('makes the same image one person, and both images of a same pair', () => {
    expect([...resamplingOf(['a', 'b', 'b', 'c', 'd', 'a'], [true, false, false]).person]).toEqual([0, 0, 0, 1, 2, 0]);
  });

  it('is the same for the same seed, and another for another', () => {
    const { pairs, images } = simulatedSet(3, 300);
    const intervals = [1, 1, 2].map((seed) => setUncertainty({ pairs, images, folds: 10, rates, draws: 40, seed }));
    expect(intervals[0]).toEqual(intervals[1]);
    expect(intervals[0]?.accuracy.interval).not.toEqual(intervals[2]?.accuracy.interval);
  });
});

describe('intervals', () => {
  it('of counts are those that SciPy gives (binomtest(...).proportion_ci, method wilson)', () => {
    const { low, high } = proportionInterval(33, 6000);
    expect(low).toBeCloseTo(0.003919074097721793, 12);
    expect(high).toBeCloseTo(0.007713721221695711, 12);
    expect(proportionInterval(5, 10).low).toBeCloseTo(0.236593090512564, 12);
  });

  it('of no error at all follow the rule of three', () => {
    expect(proportionInterval(0, 300)).toEqual({ low: 0, high: 0.01 });
    expect(proportionInterval(300, 300)).toEqual({ low: 0.99, high: 1 });
    const same = Array.from({ length: 200 }, (_, pair) => pair % 2 === 0);
    const pairs = { distances: same.map((isSame) => (isSame ? 0.5 : 1.5)), same };
    const images = Array.from({ length: 400 }, (_, image) => image);
    const { accuracy } = setUncertainty({ pairs, images, folds: 10, rates, draws: 20, seed: 1 });
    expect(accuracy).toEqual({ value: 1, interval: { low: 0.985, high: 1 } });
  });

  // The figures of 1,000 sets of each design are in bench/results/intervals.txt.
  it.each(['10 people, 600 pairs', '2000 people, 600 pairs'])(
    'hold the truth about as often as they say, with %s',
    { timeout: 300_000 },
    (name) => {
      const design = designs[name];
      if (design === undefined) throw new Error(name);
      const sets = Array.from({ length: 100 }, (_, set) => set + 1);
      const coverages = coverageOf({ design, sets, draws: 60, rates: [0.1, 0.01] });
      const claimed = coverages.filter(({ without }) => without < sets.length);
      for (const { figure, held, without } of claimed) {
        // Three standard errors of a share of 0.95 below it, or of 0.92, which ten people have.
        const least = figure === 'accuracy' || figure === 'difference' ? 0.88 : 0.84;
        expect(held / (sets.length - without), figure).toBeGreaterThanOrEqual(least);
      }
      // Of so few people nothing is claimed that would hold less often: the area, a threshold that three pairs set, groups of five.
      const names = claimed.map(({ figure }) => figure);
      if (design.people === 10) expect(names).toEqual(['accuracy', 'difference', 'TAR at FAR 0.1', 'EER']);
      else expect(names).toContain('TAR at FAR 0.01');
    },
  );
});

describe('the difference of two models', () => {
  it("is not decided by fewer pairs than McNemar's exact test needs", () => {
    const same = Array.from({ length: 400 }, (_, pair) => pair % 2 === 0);
    const first = same.map((isSame) => (isSame ? 0.5 : 1.5));
    const images = Array.from({ length: 800 }, (_, image) => image);
    const verdictOf = (wrong: number): string => {
      const second = first.map((distance, pair) =>
        pair % 2 === 0 && pair < 20 * wrong && pair % 20 === 0 ? 1.9 : distance,
      );
      return accuracyDifference({ first, second, same, images, folds: 10, draws: 100, seed: 1 }).verdict;
    };
    expect([1, 3, 5].map(verdictOf)).toEqual(['undecided', 'undecided', 'undecided']);
    expect([7, 12].map(verdictOf)).toEqual(['better', 'better']);
  });

  it('below rounding is none, whatever a pair at the threshold does', () => {
    const { pairs, images } = simulatedSet(5, 900);
    const second = Array.from(pairs.distances, (distance, pair) => distance + (pair % 2 === 0 ? 5e-5 : -5e-5));
    const base = { same: pairs.same, images, folds: 10, draws: 50, seed: 1 };
    expect(accuracyDifference({ ...base, first: pairs.distances, second })).toMatchObject({
      ...{ verdict: 'undecided', isRounding: true },
    });
  });

  it('is undecided where both are equally good, and better where one is', () => {
    const { pairs, images, other } = simulatedSet(5, 900);
    const base = { same: pairs.same, images, folds: 10, draws: 200, seed: 1 };
    expect(accuracyDifference({ ...base, first: pairs.distances, second: other })).toMatchObject({
      verdict: 'undecided',
    });
    const itself = accuracyDifference({ ...base, first: pairs.distances, second: pairs.distances });
    expect(itself).toEqual({ value: 0, interval: { low: 0, high: 0 }, verdict: 'undecided', isRounding: true });
    const random = new Random(1);
    const worse = Array.from(pairs.distances, (distance) => distance + 0.8 * random.normal());
    expect(accuracyDifference({ ...base, first: pairs.distances, second: worse }).verdict).toBe('better');
    expect(accuracyDifference({ ...base, first: worse, second: pairs.distances }).verdict).toBe('worse');
  });
});
