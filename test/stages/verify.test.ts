import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { StageEvent } from '../../src/base/stage.ts';
import type { VerificationResult } from '../../src/face/verification-result.ts';
import { decodeImage, encodeJpeg } from '../../src/format/image.ts';
import { type VerificationSet, writeVerificationSet } from '../../src/format/verification-set.ts';
import { installedEngine } from '../../src/net/engines/installed.ts';
import { GraphBuilder } from '../../src/net/graph-builder.ts';
import { writeModel } from '../../src/net/model-folder.ts';
import { run } from '../../stages/verify/run.ts';
import { failuresOf, jpeg, paint, temporaryFolder } from '../format/tiny-faces.ts';
import { randomParameters } from '../net/engines/small-networks.ts';

const side = 8;
const embeddingSize = 6;

const set: VerificationSet = {
  images: Array.from({ length: 12 }, (_, pair) => [
    jpeg(pair, side),
    pair % 2 === 0 ? encodeJpeg(paint(pair, side), 80) : jpeg(pair + 30, side),
  ]).flat(),
  same: Array.from({ length: 12 }, (_, pair) => pair % 2 === 0),
};

/** One fully connected layer: embeddings that a few lines can compute a second time. */
function linearModel(folder: string): Float32Array {
  const builder = new GraphBuilder();
  const output = builder.add('fully-connected', 'fc1', builder.data, { units: embeddingSize, bias: false });
  const graph = builder.build({ channels: 3, height: side, width: side }, output);
  const parameters = randomParameters(graph, 4);
  writeModel(folder, { graph, parameters: parameters.values(), origin: {} });
  return parameters.get('fc1_weight')?.values ?? new Float32Array();
}

interface Verified {
  readonly events: readonly StageEvent[];
  readonly result: VerificationResult;
  readonly weights: Float32Array;
}

async function verify(pairs: VerificationSet, folds: number): Promise<Verified> {
  const folder = temporaryFolder();
  const weights = linearModel(join(folder, 'model'));
  writeVerificationSet(join(folder, 'lfw.bin'), pairs);
  const events: StageEvent[] = [];
  const verification = join(folder, 'verification.json');
  await run({
    params: { folds, batch: 5 },
    inputs: { model: join(folder, 'model'), pairs: join(folder, 'lfw.bin') },
    outputs: { verification },
    scratch: folder,
    seed: 1,
    signal: new AbortController().signal,
    engine: installedEngine('cpu').identity,
    cpus: 1,
    emit: (event) => events.push(event),
  });
  const result = JSON.parse(readFileSync(verification, 'utf8')) as VerificationResult;
  return { events, result, weights };
}

describe('the verify stage', () => {
  it('writes the distances that the model gives to original and mirrored pictures', async () => {
    const { result, weights } = await verify(set, 4);
    const norms: number[] = [];
    const units = await Promise.all(
      set.images.map(async (bytes) => {
        const { data } = await decodeImage(bytes, 'expected');
        const views = [embed(data, weights, false), embed(data, weights, true)];
        norms.push(...views.map((view) => Math.hypot(...view)));
        const sum = views[0]?.map((value, index) => value + (views[1]?.[index] ?? 0)) ?? [];
        return sum.map((value) => value / Math.hypot(...sum));
      }),
    );
    result.distances.forEach((distance, pair) => {
      const right = units[2 * pair + 1] ?? [];
      const expected = units[2 * pair]?.reduce((sum, value, index) => sum + (value - (right[index] ?? 0)) ** 2, 0);
      expect(distance).toBeCloseTo(expected ?? NaN, 4);
    });
    expect(result.xnorm).toBeCloseTo(norms.reduce((sum, norm) => sum + norm, 0) / norms.length, 3);
    expect(result.folds.map((fold) => fold.pairs)).toEqual([3, 3, 3, 3]);
  });

  it('says its figures as metrics and in the lines of the 2018 system', async () => {
    const { events, result } = await verify(set, 4);
    const metrics = events.flatMap((event) => (event.type === 'metric' ? [[event.name, event.value, event.step]] : []));
    expect(metrics).toEqual([
      ['accuracy', result.accuracy, undefined],
      ['deviation', result.deviation, undefined],
      ['xnorm', result.xnorm, undefined],
    ]);
    const lines = events.flatMap((event) => (event.type === 'log' ? [event.message] : []));
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/^\[lfw]XNorm: \d+\.\d{6}$/);
    expect(lines[1]).toMatch(/^\[lfw]Accuracy: [01]\.\d{5}\+-\d\.\d{5}$/);
    expect(lines[2]).toBe(`[lfw]Accuracy-Flip: ${result.accuracy.toFixed(5)}+-${result.deviation.toFixed(5)}`);
    expect(events.filter((event) => event.type === 'progress').at(-1)).toMatchObject({ unit: 'images', done: 24 });
  });

  it('refuses a set without pairs', async () => {
    const [failure] = await failuresOf(() => verify({ images: [], same: [] }, 10));
    expect(failure).toMatchObject({ code: 'no-pairs' });
  });
});

/** The layer by hand: weights are (units, channel x row x column). */
function embed(pixels: Uint8Array, weights: Float32Array, isMirrored: boolean): number[] {
  return Array.from({ length: embeddingSize }, (_, unit) => {
    let sum = 0;
    for (let at = 0; at < pixels.length; at += 1) {
      const channel = at % 3;
      const row = Math.floor(at / 3 / side);
      const column = Math.floor(at / 3) % side;
      const place = channel * side * side + row * side + (isMirrored ? side - 1 - column : column);
      sum += (pixels[at] ?? 0) * (weights[unit * pixels.length + place] ?? 0);
    }
    return sum;
  });
}
