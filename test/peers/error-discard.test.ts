import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.ts';
import { areaTo, errorDiscard } from '../../src/kit/face/quality/error-discard.ts';
import { resamplingOf } from '../../src/kit/face/uncertainty/resampling.ts';
import { simulatedSet } from '../../bench/intervals/simulated-set.ts';
import { preparePeer, runPython } from './python.ts';

const { python, folder, missing, note } = preparePeer();

/**
 * The same without any thought: at each of 3,001 shares the pairs are sorted, the worst of them dropped as long as not more than
 * the share goes, and what is left is counted. Draws write the set out pair by pair: every pair of one person is of one part
 * that shares no person with the others.
 */
const script = `
import json, sys, numpy as np
given = json.load(open(sys.argv[1]))
same = np.array(given['same'])
distances = np.array(given['distances'])[same]
quality = np.array(given['quality']).reshape(-1, 2).min(axis=1)[same]
person = np.array(given['images']).reshape(-1, 2)[same][:, 0]
known = ~np.isnan(quality)
distances, quality, person = distances[known], quality[known], person[known]

def left_at(d, q, share):
    dropped = 0
    for value in np.unique(q):
        count = (q <= value).sum()
        if count <= share * len(q) + 1e-9 and count < len(q): dropped = count
    keep = np.sort(q)[dropped] if dropped < len(q) else np.inf
    rest = d[q >= keep]
    return (rest > given['threshold']).mean()

def area(d, q, steps=3000):
    # The middle of each step of the share; the curve is constant between few jumps.
    return np.mean([left_at(d, q, given['most'] * (i + 0.5) / steps) for i in range(steps)])

def fast(d, q, share):
    order = np.argsort(q, kind='stable')
    n = len(q); k = int(np.floor(share * n + 1e-9))
    while 0 < k < n and q[order[k]] == q[order[k - 1]]: k -= 1
    return (d[order[k:]] > given['threshold']).mean()

random = np.random.default_rng(1)
draws = []
units = np.array(given['units'])[same][known]
members = {u: np.flatnonzero(units == u) for u in np.unique(units)}
for _ in range(1000):
    chosen = np.concatenate([members.get(u, np.array([], dtype=int)) for u in random.integers(given['count'], size=given['count'])])
    draws.append([fast(distances[chosen], quality[chosen], s) for s in given['shares']])
print(json.dumps({
    'curve': [left_at(distances, quality, s) for s in given['shares']],
    'area': area(distances, quality),
    'spread': np.std(draws, axis=0, ddof=1).tolist(),
}))
`;

interface Answer {
  readonly curve: readonly number[];
  readonly area: number;
  readonly spread: readonly number[];
}

describe.skipIf(missing !== undefined)(`error against discarded share${note}`, () => {
  it('is what sorting and counting in numpy gives, with ties and unknown qualities, and its bands are those of sets written out', () => {
    const { pairs, images } = simulatedSet(2, {
      ...{ people: 3000, pairs: 600, apart: true, deviation: 0.5, otherDeviation: 0.5 },
    });
    const random = new Random(4);
    // The nearer the pair of an image, the better it is by tendency; tenths tie, and some have none.
    const quality = images.map((_, image) => {
      const distance = pairs.distances[Math.floor(image / 2)] ?? 0;
      return image % 41 === 0 ? NaN : Math.round(10 * (2 - distance + random.normal())) / 10;
    });
    const people = resamplingOf(images, pairs.same);
    expect(people.unit).toBe('groups');
    const point = { far: 0.01, distance: 1.2 };
    const ours = errorDiscard({ pairs, people, quality: 'score', values: quality, point, draws: 1000, seed: 1 });
    const file = join(folder, 'quality.json');
    const given = {
      ...{ ...pairs, quality, images, threshold: 1.2, most: areaTo, count: people.count },
      units: Array.from(pairs.same, (_, pair) => people.unitOf[2 * pair]),
      shares: ours.curve.map(({ share }) => share),
    };
    writeFileSync(
      file,
      JSON.stringify(given, (_, value: unknown) => (Number.isNaN(value) ? 'nan' : value)).replaceAll('"nan"', 'NaN'),
    );
    const theirs = JSON.parse(runPython(python, script, [file])) as Answer;
    for (const [index, { fnmr, low, high }] of ours.curve.entries()) {
      expect(fnmr).toBeCloseTo(theirs.curve[index] ?? NaN, 12);
      // Percentiles of 1,000 draws, brought to the scale of the arcsine and to Student's t, are close to 1.96 deviations.
      const width = 2 * 1.96 * (theirs.spread[index] ?? NaN);
      expect(Math.abs((high ?? NaN) - (low ?? NaN) - width)).toBeLessThan(0.15 * width);
    }
    expect(ours.area.value).toBeCloseTo(theirs.area, 3);
    expect(ours.relativeArea?.value).toBeCloseTo(ours.area.value / (ours.curve[0]?.fnmr ?? NaN), 12);
    // The quality of these images tells of errors: that is what the curve shows.
    expect(ours.relativeArea?.interval?.high).toBeLessThan(1);
    expect(ours.without).toBeGreaterThan(5);
  });
});
