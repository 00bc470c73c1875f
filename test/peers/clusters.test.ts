import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.ts';
import { largestCluster } from '../../stages/clean-noise/clusters.ts';
import { preparePeer, runPython, scikitLearn } from './python.ts';

const { python, folder, missing, note } = preparePeer(scikitLearn);

/** The largest cluster of each identity as dataset_clean.py takes it: of the first ten, or of all, the first of equal ones. */
const script = `
import json, sys, numpy as np
from sklearn.cluster import DBSCAN
given = json.load(open(sys.argv[1]))
answers = []
for identity in given:
    rows = np.array(identity['rows'], dtype=np.float32).astype(np.float64)
    labels = DBSCAN(eps=identity['distance'], min_samples=2).fit_predict(rows)
    count = labels.max() + 1
    if identity['clusters'] > 0: count = min(count, identity['clusters'])
    best = []
    for cluster in range(count):
        members = np.flatnonzero(labels == cluster).tolist()
        if len(members) > len(best): best = members
    answers.append({'largest': best, 'clusters': int(labels.max() + 1), 'noise': int((labels < 0).sum())})
print(json.dumps(answers))
`;

interface Identity {
  readonly rows: readonly Float32Array[];
  readonly distance: number;
  readonly clusters: number;
}

/** Some persons and strangers under one label: unit vectors around a few directions. */
function identityOf(seed: number): Identity {
  const random = new Random(seed);
  const columns = 16;
  const unit = (values: readonly number[]): Float32Array => {
    const length = Math.hypot(...values);
    return Float32Array.from(values, (value) => value / length);
  };
  const drawn = (): number[] => Array.from({ length: columns }, () => random.normal());
  const centres = Array.from({ length: 1 + random.integer(14) }, () => unit(drawn()));
  const rows = Array.from({ length: 1 + random.integer(80) }, () => {
    if (random.uniform(0, 1) < 0.2) return unit(drawn());
    const centre = centres[random.integer(centres.length)] ?? unit(drawn());
    return unit(Array.from(centre, (value) => value + random.uniform(0, 0.25) * random.normal()));
  });
  return { rows, distance: [0.4, 0.6, 0.9][seed % 3] ?? 0.6, clusters: seed % 2 === 0 ? 10 : 0 };
}

describe.skipIf(missing !== undefined)(`the largest cluster of an identity${note}`, () => {
  it("is that of scikit-learn's DBSCAN with two samples, on 300 identities", () => {
    const identities = Array.from({ length: 300 }, (_, seed) => identityOf(seed + 1));
    const file = join(folder, 'identities.json');
    const plain = identities.map(({ rows, ...rules }) => ({ ...rules, rows: rows.map((row) => Array.from(row)) }));
    writeFileSync(file, JSON.stringify(plain));
    const theirs = JSON.parse(runPython(python, script, [file])) as {
      readonly largest: readonly number[];
      readonly clusters: number;
      readonly noise: number;
    }[];
    for (const [index, { rows, ...rules }] of identities.entries()) {
      expect(largestCluster(rows, rules), `identity ${index + 1}`).toEqual(theirs[index]?.largest);
    }
    // The drawn identities are of all kinds: none, one and more clusters than are looked at, and noise.
    expect(theirs.filter(({ clusters }) => clusters === 0).length).toBeGreaterThan(3);
    expect(theirs.filter(({ clusters }) => clusters > 10).length).toBeGreaterThan(3);
    expect(theirs.filter(({ noise, clusters }) => noise > 0 && clusters > 1).length).toBeGreaterThan(50);
  });
});
