import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { installedOnnxruntime, trainingEngine } from '../../src/kit/net/engines/choose-engine.ts';
import type { StageContext } from '../../src/stage-api/stage.ts';
import type { PartRecord } from '../../stages/all-pairs/record.ts';
import { run as allPairs } from '../../stages/all-pairs/run.ts';
import type { GalleryRecord } from '../../stages/megaface/record.ts';
import { run as megaface } from '../../stages/megaface/run.ts';
import { personNames, personVectors, writeFeatureFolder } from '../kit/face/similarity/random-features.ts';
import { preparePeer, runPython } from './python.ts';

const { python, missing, note, folder } = preparePeer();
const columns = 512;
const onnxruntime = installedOnnxruntime();
const rates: [number, ...number[]] = [1e-3, 1e-4, 1e-5, 1e-6];

/** What every stage is handed. */
function contextIn(scratch: string): Omit<StageContext, 'params' | 'inputs' | 'outputs'> {
  return {
    ...{ scratch, seed: 1, signal: new AbortController().signal, cpus: 2, emit: () => undefined },
    engine: onnxruntime.installed ? onnxruntime.identity : trainingEngine('wasm').identity,
  };
}

/** Sums of products in float64 from the first component to the last, so that equal images are equally close; all pairs. */
const script = `
import json, sys, numpy as np
task, columns, pairs, out = sys.argv[1], int(sys.argv[2]), sys.argv[3:-1], sys.argv[-1]
read = lambda path: np.fromfile(path, '<f4').reshape(-1, columns).astype(np.float64)
def summed(a, b, term):
    # A few rows at a time, so that the sums stay in the processor's cache.
    sums = np.zeros((len(a), len(b)))
    for start in range(0, len(a), 8):
        some, own = a[start:start + 8], sums[start:start + 8]
        for k in range(columns): own += term(some[:, k], b[:, k])
    return sums
def dots(a, b): return summed(a, np.asfortranarray(b), np.multiply.outer)
def squares(a, b): return summed(a, np.asfortranarray(b), lambda x, y: np.subtract.outer(x, y) ** 2)
def tar(impostors, same, far):
    impostors = np.sort(impostors)
    threshold = impostors[int(np.floor(far * len(impostors) + 1e-9))]
    return [float(threshold), int((impostors < threshold).sum()), float((same < threshold).mean())]
rates = [1e-3, 1e-4, 1e-5, 1e-6]
people = np.array(json.load(open(pairs[1])))
if task == 'megaface':
    probes, distractors = read(pairs[0]), read(pairs[2])
    mates, others = squares(probes, probes), squares(probes, distractors)
    same = (people[:, None] == people[None, :]) & ~np.eye(len(people), dtype=bool)
    ranks = np.array([(others[p] < mates[p, g]).sum() for g in range(len(people)) for p in range(len(people)) if same[g, p]])
    once = mates[np.triu(same)]
    result = {'ranks': ranks.tolist(), 'points': [tar(others.ravel(), once, far) for far in rates], 'ties': int(sum((others[p] == mates[p, g]).sum() for g in range(len(people)) for p in range(len(people)) if same[g, p]))}
else:
    vectors = read(pairs[0])
    impostors, same = [], []
    for start in range(0, len(vectors), 500):
        scores = -dots(vectors[start:start + 500], vectors)
        rows = np.arange(start, min(start + 500, len(vectors)))
        later = np.arange(len(vectors))[None, :] > rows[:, None]
        equal = people[rows][:, None] == people[None, :]
        impostors.append(scores[later & ~equal]); same.append(scores[later & equal])
    impostors, same = np.concatenate(impostors), np.concatenate(same)
    result = {'points': [tar(impostors, same, far) for far in rates], 'pairs': [len(same), len(impostors)]}
json.dump(result, open(out, 'w'))
`;

function byNumpy(
  task: string,
  inputs: readonly string[],
): { ranks: number[]; points: number[][]; ties: number; pairs: number[] } {
  const out = join(folder, `${task}.json`);
  runPython(python, script, [task, String(columns), ...inputs, out]);
  return JSON.parse(readFileSync(out, 'utf8')) as ReturnType<typeof byNumpy>;
}

function written(name: string, values: Float32Array): string {
  const file = join(folder, name);
  writeFileSync(file, new Uint8Array(values.buffer));
  return file;
}

function people(name: string, counts: readonly number[]): string {
  const file = join(folder, name);
  writeFileSync(file, JSON.stringify(counts.flatMap((count, person) => Array.from({ length: count }, () => person))));
  return file;
}

describe.skipIf(missing !== undefined)(`brute force in numpy${note}`, () => {
  it('ranks 500 probes among 20,000 distractors as megaface does, with equal images, and accepts as many', async () => {
    const counts = Array.from({ length: 50 }, () => 10);
    const probes = personVectors(counts, { columns, spread: 3, seed: 1 });
    const many = Array.from({ length: 20_000 }, () => 1);
    const distractors = personVectors(many, { columns, spread: 0, seed: 2 });
    // Images of probes, and images twice: distances of 0, and as close as a mate.
    for (let copy = 0; copy < 30; copy += 1) {
      distractors.set(probes.subarray(11 * copy * columns, (11 * copy + 1) * columns), 601 * copy * columns);
      distractors.copyWithin((601 * copy + 7) * columns, 601 * copy * columns, (601 * copy + 1) * columns);
    }
    const names = personNames(many).map((name) => `000/${name}`);
    writeFeatureFolder(join(folder, 'probes'), personNames(counts), { values: probes, columns });
    writeFeatureFolder(join(folder, 'distractors'), names, { values: distractors, columns });
    const outputs = { result: join(folder, 'megaface.json'), kit: join(folder, 'kit'), curves: join(folder, 'curves') };
    await megaface({
      ...contextIn(folder),
      params: { sizes: [20_000], sets: 1, rates, algorithm: 'test', probeNames: [], draws: 0, engine: 'auto' },
      inputs: {
        ...{ probes: [join(folder, 'probes')], distractors: join(folder, 'distractors'), mask: undefined },
        ...{ probeLists: [], distractorLists: [] },
      },
      outputs,
    });
    const { results } = JSON.parse(readFileSync(outputs.result, 'utf8')) as { results: GalleryRecord[] };
    const file = join(outputs.kit, 'matches_facescrub_megaface_test_20000_1.json');
    const matches = JSON.parse(readFileSync(file, 'utf8')) as { probes: { rank: number[] } }[];
    const files = [written('probes.f4', probes), people('people.json', counts), written('distractors.f4', distractors)];
    const expected = byNumpy('megaface', files);
    expect(expected.ties).toBeGreaterThan(50);
    expect(new Set(expected.ranks).size).toBeGreaterThan(100);
    expect(matches.flatMap(({ probes: { rank } }) => rank)).toEqual(expected.ranks);
    const points = results[0]?.verification.map(({ squaredDistance, accepted, value }) => [
      squaredDistance,
      accepted,
      value,
    ]);
    expect(points).toEqual(expected.points);
  });

  it('accepts of all pairs of 5,000 images as many as all-pairs does', async () => {
    const counts = Array.from({ length: 1000 }, (_, person) => 1 + (person % 9));
    const values = personVectors(counts, { columns, spread: 2.5, seed: 3 });
    for (let copy = 0; copy < 20; copy += 1) {
      values.copyWithin((230 * copy + 101) * columns, 13 * copy * columns, (13 * copy + 1) * columns);
    }
    writeFeatureFolder(join(folder, 'features'), personNames(counts), { values, columns });
    const outputs = { result: join(folder, 'all-pairs.json'), curves: join(folder, 'all-curves') };
    await allPairs({
      ...contextIn(folder),
      params: { rates, draws: 0, engine: 'auto' },
      inputs: { features: join(folder, 'features'), dataset: undefined, groups: undefined },
      outputs,
    });
    const { parts } = JSON.parse(readFileSync(outputs.result, 'utf8')) as { parts: PartRecord[] };
    const expected = byNumpy('all-pairs', [written('all.f4', values), people('all.json', counts)]);
    expect([parts[0]?.samePairs, parts[0]?.differentPairs]).toEqual(expected.pairs);
    const points = parts[0]?.points.map(({ threshold = NaN, accepted, tar }) => [-threshold, accepted, tar]);
    expect(points).toEqual(expected.points);
  });
});
