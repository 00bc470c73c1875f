import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Measured } from '../../src/kit/face/uncertainty/measured.ts';
import { setUncertainty } from '../../src/kit/face/uncertainty/set-uncertainty.ts';
import { resamplingOf } from '../../src/kit/face/uncertainty/resampling.ts';
import { simulatedSet } from '../../bench/intervals/simulated-set.ts';
import { preparePeer, runPython } from './python.ts';

const { python, folder, missing, note } = preparePeer();

/**
 * The same without any thought: sets are written out pair by pair, every threshold is tried. `groups` are connected
 * components of the graph of people, found by relabelling until nothing changes.
 */
const script = `
import json, sys, numpy as np
given = json.load(open(sys.argv[1]))
distances, same, images = (np.array(given[name]) for name in ('distances', 'same', 'images'))
people = images.reshape(-1, 2)
label = people.min(axis=1)
while True:
    least = {}
    for pair, (a, b) in enumerate(people):
        for p in (a, b):
            least[p] = min(least.get(p, label[pair]), label[pair])
    new = np.array([min(least[a], least[b]) for a, b in people])
    if (new == label).all(): break
    label = new
groups = np.unique(label)
members = [np.flatnonzero(label == group) for group in groups]
fold_of = np.repeat(np.arange(10), len(same) // 10)

def accuracy(chosen):
    d, s, f = distances[chosen], same[chosen], fold_of[chosen]
    right = (d[None, :] < np.arange(0, 4, 0.01)[:, None]) == s[None, :]
    shares = []
    for fold in range(10):
        test = f == fold
        if not test.any(): continue
        shares.append(right[right[:, ~test].sum(axis=1).argmax()][test].mean())
    return np.mean(shares)

def tar(chosen):
    d, s = distances[chosen], same[chosen]
    best = 0.0
    for t in np.unique(d):
        if (d[~s] <= t).mean() <= 0.1 + 1e-12: best = max(best, (d[s] <= t).mean())
    return best

def eer(chosen):
    d, s = distances[chosen], same[chosen]
    before = (0.0, 1.0)
    for t in np.unique(d):
        now = ((d[~s] <= t).mean(), (d[s] > t).mean())
        if now[0] >= now[1]:
            gap = before[1] - before[0]
            share = gap / (gap + now[0] - now[1])
            return before[0] + share * (now[0] - before[0])
        before = now

random = np.random.default_rng(1)
draws = []
for _ in range(1000):
    chosen = np.concatenate([members[g] for g in random.integers(len(members), size=len(members))])
    draws.append([measure(chosen) for measure in (tar, eer)])
everything = np.arange(len(same))

# The quantile 0.975 of Student's t with hundreds of degrees of freedom.
def student(freedom): return 1.959964 * (1 + (1.959964 ** 2 + 1) / 4 / freedom)

def arcsine(share, below, above, quantile):
    middle, stretch = np.arcsin(np.sqrt(share)), quantile / 2 / np.sqrt(share * (1 - share))
    ends = np.clip([middle - stretch * below, middle + stretch * above], 0, np.pi / 2)
    return (np.sin(ends) ** 2).tolist()

def from_draws(value, ends):
    units = len(groups)
    below, above = (value - ends[0]) / 1.96, (ends[1] - value) / 1.96
    return arcsine(value, below, above, student(units - 1) * np.sqrt(units / (units - 1)))

# The accuracy: every two pairs are looked at, whether they share a person.
thresholds = np.arange(0, 4, 0.01)
right = (distances[None, :] < thresholds[:, None]) == same[None, :]

def chosen_by(weights):
    best = []
    for fold in range(10):
        others = np.where(fold_of == fold, 0, weights)
        best.append((right * others).sum(axis=1).argmax())
    return np.array(best)

once = chosen_by(np.ones(len(same)))
decided = right[once[fold_of], everything].astype(float)
error = decided - np.where(same, decided[same].mean(), decided[~same].mean())
variance = 0.0
for i, pair in enumerate(people):
    shares = np.isin(people, pair).any(axis=1)
    variance += error[i] * error[shares].sum()
units = len(np.unique(people))
variance = max(variance, (error ** 2).sum()) / len(same) ** 2 * units / (units - 1)
value = accuracy(everything)
squares = []
for _ in range(1000):
    weights = np.bincount(random.integers(len(same), size=len(same)), minlength=len(same))
    squares.append((right[chosen_by(weights)[fold_of], everything].mean() - value) ** 2)
whole = variance + np.mean(squares)
deviation = np.sqrt(whole)
quantile = student((units - 1) * (whole / variance) ** 2)
values = [measure(everything) for measure in (accuracy, tar, eer)]
print(json.dumps({
    'groups': len(groups),
    'values': values,
    'intervals': [arcsine(value, deviation, deviation, quantile)]
        + [from_draws(*each) for each in zip(values[1:], np.percentile(draws, [2.5, 97.5], axis=0).T)],
}))
`;

interface Answer {
  readonly groups: number;
  readonly values: readonly number[];
  readonly intervals: readonly (readonly [number, number])[];
}

describe.skipIf(missing !== undefined)(`intervals by draws of people${note}`, () => {
  it('are those of sets written out pair by pair, within the spread of a thousand draws', { timeout: 300_000 }, () => {
    const { pairs, images } = simulatedSet(11, {
      ...{ people: 3000, pairs: 600, apart: true, deviation: 0.3, otherDeviation: 0.3 },
    });
    const file = join(folder, 'pairs.json');
    writeFileSync(file, JSON.stringify({ ...pairs, images }));
    const theirs = JSON.parse(runPython(python, script, [file])) as Answer;
    const ours = setUncertainty({ pairs, images, folds: 10, rates: [0.1], draws: 1000, seed: 1 });
    expect(resamplingOf(images, pairs.same)).toMatchObject({ unit: 'groups', count: theirs.groups });
    const measured: (Measured | undefined)[] = [ours.accuracy, ours.tarAtFar[0], ours.eer];
    for (const [index, each] of measured.entries()) {
      expect(each?.value).toBeCloseTo(theirs.values[index] ?? NaN, 12);
      const [low, high] = theirs.intervals[index] ?? [NaN, NaN];
      // A 2.5 percentile of 1,000 normal draws has a standard error of 0.027 times the width; both have one.
      const allowed = 0.12 * (high - low);
      expect(Math.abs((each?.interval?.low ?? NaN) - low)).toBeLessThan(allowed);
      expect(Math.abs((each?.interval?.high ?? NaN) - high)).toBeLessThan(allowed);
    }
  });
});
