import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { verifySet } from '../../src/kit/face/verify-set.ts';
import { loadEmbedder } from '../../src/kit/net/sessions/embedder.ts';
import { installedOnnxruntime } from '../../src/kit/net/engines/choose-engine.ts';
import { accuracyDifference } from '../../src/kit/face/uncertainty/accuracy-difference.ts';
import { otherEngines } from '../kit/net/backends/engines.ts';

const data = '../shared/data';
const checkpoint = join(data, 'models', 'mobilefacenet-y1', 'model-0000.params');

/** Distances of LFW's first twenty pairs, as bench/peers/verification.py computes them with MXNet 1.9.1 (`--pairs 20 --distances`). */
const mxnetDistances = [
  0.6208118, 0.2556263, 0.3844156, 0.4742207, 0.5993573, 0.7001487, 0.4015609, 0.7606129, 0.7686088, 0.2581668,
  0.4277063, 0.7043245, 0.3179183, 0.6150635, 0.6824433, 0.7619232, 0.2414816, 0.5696761, 0.2632008, 0.4778604,
];

/** The first lines of pairs.txt: name, number of the one image, number of the other. */
function firstPairs(count: number): Uint8Array[] {
  const lines = readFileSync(join(data, 'lfw', 'pairs.txt'), 'utf8')
    .split('\n')
    .slice(1, count + 1);
  return lines.flatMap((line) => {
    const [name = '', ...numbers] = line.trim().split('\t');
    return numbers.map((number) =>
      readFileSync(join(data, 'lfw', 'aligned-112', name, `${name}_${number.padStart(4, '0')}.jpg`)),
    );
  });
}

/** The first pairs of different people: two names, each with the number of an image. */
function firstDifferentPairs(count: number): Uint8Array[] {
  const lines = readFileSync(join(data, 'lfw', 'pairs.txt'), 'utf8').split('\n');
  const different = lines.filter((line) => line.trim().split('\t').length === 4).slice(0, count);
  return different.flatMap((line) => {
    const [one = '', first = '', other = '', second = ''] = line.trim().split('\t');
    return [[one, first] as const, [other, second] as const].map(([name, number]) =>
      readFileSync(join(data, 'lfw', 'aligned-112', name, `${name}_${number.padStart(4, '0')}.jpg`)),
    );
  });
}

const onnxruntime = installedOnnxruntime();
const wasm = otherEngines().find(({ name }) => name === 'wasm');
// The whole of LFW is in test:peers; wasm would take its time here too.
const engines = [
  ...otherEngines().filter(({ name }) => name === 'tensorflow'),
  ...(onnxruntime.installed ? [onnxruntime.identity] : []),
];

describe.skipIf(!existsSync(checkpoint))(`pairs of LFW (skipped without ${data})`, () => {
  it.each(engines)('are as far apart on $name as in MXNet', async (engine) => {
    const embedder = await loadEmbedder({ model: checkpoint, engine, threads: 2 });
    const set = { images: firstPairs(mxnetDistances.length), same: mxnetDistances.map(() => true) };
    const { distances } = await verifySet({ embedder, set, name: 'lfw', folds: 10, batch: 16 });
    const differences = mxnetDistances.map((wanted, pair) => Math.abs(wanted - (distances[pair] ?? NaN)));
    // Distances are written with six decimals.
    expect(Math.max(...differences)).toBeLessThan(1e-5);
    await embedder.dispose();
  });

  it.skipIf(!onnxruntime.installed || wasm === undefined)(
    'differ between onnxruntime and wasm by rounding only, so that neither is better',
    { timeout: 300_000 },
    async () => {
      const set = {
        images: [...firstPairs(20), ...firstDifferentPairs(20)],
        same: Array.from({ length: 40 }, (_, pair) => pair < 20),
      };
      const measured: (readonly number[])[] = [];
      for (const engine of [onnxruntime.installed ? onnxruntime.identity : undefined, wasm]) {
        if (engine === undefined) throw new Error('an engine is missing');
        const embedder = await loadEmbedder({ model: checkpoint, engine, threads: 2 });
        measured.push((await verifySet({ embedder, set, name: 'lfw', folds: 4, batch: 16 })).distances);
        await embedder.dispose();
      }
      const [first = [], second = []] = measured;
      const images = Array.from({ length: 80 }, (_, image) => image);
      const options = { same: set.same, images, folds: 4, draws: 100, seed: 1 };
      expect(first).not.toEqual(second);
      expect(accuracyDifference({ first, second, ...options })).toMatchObject({
        ...{ value: 0, verdict: 'undecided', isRounding: true },
      });
    },
  );
});
