import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { StageEvent } from '../../src/stage-api/stage.ts';
import type { VerificationFile, VerificationResult } from '../../src/kit/face/verification-result.ts';
import { decodeImage, encodeJpeg } from '../../src/kit/image/image.ts';
import { type VerificationSet, writeVerificationSet } from '../../src/kit/codec/insightface/verification-set.ts';
import { trainingEngine } from '../../src/kit/net/engines/choose-engine.ts';
import type { Inputs, Params } from '../../stages/verify/contract.ts';
import { run } from '../../stages/verify/run.ts';
import { failuresOf, jpeg, paint, printedFailure, temporaryFolder } from '../kit/dataset/tiny-faces.ts';
import { embed, embeddingSize, linearModel, side } from './linear-model.ts';

const set: VerificationSet = {
  images: Array.from({ length: 12 }, (_, pair) => [
    jpeg(pair, side),
    pair % 2 === 0 ? encodeJpeg(paint(pair, side), 80) : jpeg(pair + 30, side),
  ]).flat(),
  same: Array.from({ length: 12 }, (_, pair) => pair % 2 === 0),
};

interface Verified {
  readonly events: readonly StageEvent[];
  readonly results: readonly VerificationResult[];
  readonly folder: string;
}

interface Job {
  readonly models?: readonly string[];
  readonly sets?: Readonly<Record<string, VerificationSet>>;
  readonly params?: Partial<Params>;
  readonly inputs?: Partial<Inputs>;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: StageEvent) => void;
}

const params: Params = {
  folds: 4,
  batch: 5,
  engine: 'auto',
  rates: [0.1, 0.01, 0.001, 0.0001],
  protocolFolds: [],
  quality: [],
  names: [],
  max: [],
  mistakes: false,
  draws: 50,
  embeddings: 'none',
};

/** Runs the stage in a folder, which holds the models already. */
async function verify(
  folder: string,
  { models = ['model'], sets = { lfw: set }, ...job }: Job = {},
): Promise<Verified> {
  for (const [name, pairs] of Object.entries(sets)) writeVerificationSet(join(folder, `${name}.bin`), pairs);
  const events: StageEvent[] = [];
  const outputs = { verification: join(folder, 'verification.json'), details: join(folder, 'details') };
  await run({
    params: { ...params, ...job.params },
    inputs: {
      model: models.map((name) => join(folder, name)),
      pairs: Object.keys(sets).map((name) => join(folder, `${name}.bin`)),
      protocol: [],
      groups: undefined,
      faces: [],
      ...job.inputs,
    },
    outputs,
    scratch: folder,
    seed: 1,
    signal: job.signal ?? new AbortController().signal,
    engine: trainingEngine('cpu').identity,
    cpus: 1,
    emit(event) {
      events.push(event);
      job.onEvent?.(event);
    },
  });
  const { results } = JSON.parse(readFileSync(outputs.verification, 'utf8')) as VerificationFile;
  return { events, results, folder };
}

/** A folder with one linear model. */
function withModel(): { folder: string; weights: Float32Array } {
  const folder = temporaryFolder();
  return { folder, weights: linearModel(join(folder, 'model')) };
}

function linesOf(events: readonly StageEvent[]): string[] {
  return events.flatMap((event) => (event.type === 'log' ? [event.message] : []));
}

function figuresOf(events: readonly StageEvent[]): Record<string, number> {
  const figures = events.flatMap((event) =>
    event.type === 'metric' && event.step === undefined ? [[event.name, event.value] as const] : [],
  );
  return Object.fromEntries(figures);
}

/** What Python's struct would see of a feature matrix: rows of doubles behind four int32. */
function matrixOf(file: string): number[] {
  const bytes = readFileSync(file);
  return Array.from({ length: (bytes.length - 16) / 8 }, (_, index) => bytes.readDoubleLE(16 + 8 * index));
}

describe('the verify stage', () => {
  it('writes the distances that the model computes for original and mirrored images', async () => {
    const { folder, weights } = withModel();
    const [result] = (await verify(folder)).results;
    if (result === undefined) throw new Error('no result');
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
    const { events, results } = await verify(withModel().folder);
    const [result] = results;
    if (result === undefined) throw new Error('no result');
    const figures = figuresOf(events);
    expect(figures).toMatchObject({ accuracy: result.accuracy, deviation: result.deviation, xnorm: result.xnorm });
    expect(Object.keys(figures)).toEqual([
      ...['accuracy', 'deviation', 'accuracyLow', 'accuracyHigh', 'accuracyWithoutFlip', 'xnorm', 'threshold'],
      // Six different pairs can tell of no rate that is reported, and so few people of no interval of the area.
      ...['areaUnderCurve', 'eer', 'eerLow', 'eerHigh'],
      ...['decidability', 'decidabilityLow', 'decidabilityHigh'],
    ]);
    const lines = linesOf(events);
    expect(lines.slice(0, 3)).toEqual([
      'loading model',
      'computing with cpu 4.22.0, cpu, 1 threads',
      'testing verification.. lfw',
    ]);
    expect(lines[3]).toBe('(24, 6)');
    expect(lines[4]).toMatch(/^infer time \d+\.\d{6}$/);
    expect(lines[5]).toMatch(/^\[lfw]XNorm: \d+\.\d{6}$/);
    expect(lines[6]).toMatch(/^\[lfw]Accuracy: [01]\.\d{5}\+-\d\.\d{5}$/);
    expect(lines[7]).toBe(`[lfw]Accuracy-Flip: ${result.accuracy.toFixed(5)}+-${result.deviation.toFixed(5)}`);
    expect(lines.slice(8)).toEqual([
      '[lfw]FNMR at FMR 1e-1, 1e-2, 1e-3, 1e-4 is not measurable on 6 pairs of different people, of which one is 1/6',
    ]);
    expect(events.filter((event) => event.type === 'progress').at(-1)).toMatchObject({ unit: 'images', done: 24 });
  });

  it('takes every epoch of a folder, newest first, and says the best of each set', async () => {
    const folder = temporaryFolder();
    for (const epoch of [2, 10, 9]) linearModel(join(folder, 'epochs', `model-${epoch}`), epoch);
    const half = { images: set.images.slice(0, 12), same: set.same.slice(0, 6) };
    const sets = { lfw: set, pairs: half };
    const { events, results } = await verify(folder, { models: ['epochs'], sets, params: { names: ['lfw', 'half'] } });
    expect(results.map((result) => `${result.model} ${result.set}`)).toEqual([
      ...['model-10 lfw', 'model-10 half', 'model-9 lfw', 'model-9 half', 'model-2 lfw', 'model-2 half'],
    ]);
    const best = Math.max(...results.filter((result) => result.set === 'lfw').map(({ accuracy }) => accuracy));
    expect(linesOf(events)).toContain(`Max of [lfw] is ${best.toFixed(5)}`);
    expect(figuresOf(events)['lfw/accuracy']).toBe(best);
    // Half of the first set's images are known when the second one comes.
    const embedded = events.flatMap((event) =>
      event.type === 'progress' && event.done === event.total ? [event.done] : [],
    );
    expect(embedded).toEqual([24, 24, 24]);
  });

  it('takes the positions of a folder of epochs that "max" says', async () => {
    const folder = temporaryFolder();
    for (const epoch of [1, 2, 3, 4]) linearModel(join(folder, 'epochs', `model-${epoch}`), epoch);
    const { results } = await verify(folder, { models: ['epochs'], params: { max: [1, 3] } });
    expect(results.map(({ model }) => model)).toEqual(['model-3', 'model-2']);
    const [failure] = await failuresOf(() => verify(folder, { models: ['epochs'], params: { max: [3, 3] } }));
    expect(failure).toMatchObject({ code: 'bad-epoch-range' });
  });

  it('resumes from the embeddings an interrupted run has left, and returns the same result', async () => {
    const { folder } = withModel();
    const stop = new AbortController();
    const interrupted = verify(folder, {
      signal: stop.signal,
      onEvent: (event) => {
        if (event.type === 'progress') stop.abort();
      },
    });
    await expect(interrupted).rejects.toThrow(/abort/i);
    const { events, results } = await verify(folder);
    const [first] = events.filter((event) => event.type === 'progress');
    expect(first).toMatchObject({ total: 24 - params.batch });
    expect(results).toEqual((await verify(withModel().folder)).results);
  });

  it('draws the wrong pairs, four in a row, with a footer', async () => {
    const { folder } = withModel();
    const reversed = { ...set, same: set.same.map((same) => !same) };
    const { results } = await verify(folder, { sets: { reversed }, params: { mistakes: true, folds: 1 } });
    const wrong = { 'positive(false_negative)': 0, 'negative(false_positive)': 0 };
    results[0]?.distances.forEach((distance, pair) => {
      const isSame = reversed.same[pair] === true;
      if (distance < (results[0]?.folds[0]?.threshold ?? 0) === isSame) return;
      wrong[isSame ? 'positive(false_negative)' : 'negative(false_positive)'] += 1;
    });
    expect(wrong['positive(false_negative)'] + wrong['negative(false_positive)']).toBeGreaterThan(0);
    for (const [kind, count] of Object.entries(wrong)) {
      const file = join(folder, 'details', `reversed_${kind}.png`);
      if (count === 0) {
        expect(existsSync(file)).toBe(false);
        continue;
      }
      const image = await decodeImage(readFileSync(file), file);
      const rows = Math.ceil(count / 4);
      expect([image.width, image.height]).toEqual([4 * 2 * side + 3 * 10, rows * (side + 10) + 20]);
      // White at the very end, where the footer is.
      expect([...image.data.slice(-3)]).toEqual([255, 255, 255]);
    }
  });

  it('writes the embeddings whose distances it measured', async () => {
    const { folder } = withModel();
    const { results } = await verify(folder, { params: { embeddings: 'matrix' } });
    const values = matrixOf(join(folder, 'details', 'lfw_embeddings.bin'));
    expect(values).toHaveLength(24 * embeddingSize);
    results[0]?.distances.forEach((distance, pair) => {
      const row = (index: number): number[] => values.slice(index * embeddingSize, (index + 1) * embeddingSize);
      const right = row(2 * pair + 1);
      const expected = row(2 * pair).reduce((sum, value, index) => sum + (value - (right[index] ?? 0)) ** 2, 0);
      expect(distance).toBeCloseTo(expected, 5);
    });
    await verify(folder, { params: { embeddings: 'pickle' } });
    expect(existsSync(join(folder, 'details', 'lfw_embeddings.pickle'))).toBe(true);
  });

  it('refuses a set without pairs, and what is not a model', async () => {
    const { folder } = withModel();
    const [empty] = await failuresOf(() => verify(folder, { sets: { none: { images: [], same: [] } } }));
    expect(empty).toMatchObject({ code: 'no-pairs' });
    const [model] = await failuresOf(() => verify(folder, { models: ['lfw.bin'] }));
    expect(model).toMatchObject({ code: 'no-model' });
    const [few] = await failuresOf(() => verify(folder, { params: { folds: 1000 } }));
    expect(few).toMatchObject({ code: 'too-few-pairs' });
    const [given] = await failuresOf(() =>
      verify(folder, { params: { normalization: { mean: 127.5, scale: 1, colorOrder: 'rgb' } } }),
    );
    expect(given).toMatchObject({ code: 'option-not-taken' });
  });

  it('returns no figure of what no pair can measure', async () => {
    const { folder } = withModel();
    const same = { images: set.images, same: set.same.map(() => true) };
    const { events } = await verify(folder, { sets: { same } });
    const figures = Object.keys(figuresOf(events));
    expect(events.filter((event) => event.type === 'log' && event.level === 'warning')).toMatchObject([
      { message: `all ${String(set.same.length)} pairs of same are of the same person: their accuracy says nothing` },
    ]);
    expect(figures).toContain('accuracy');
    expect(figures.filter((name) => /areaUnderCurve|tarAtFar/.test(name))).toEqual([]);
  });
});

describe('images of a verification set that cannot be read', () => {
  const images = set.images.map((bytes, image) => {
    if (image === 3) return Buffer.from('<html>404 not found</html>');
    if (image === 11) return bytes.subarray(0, bytes.length - 40);
    return image === 0 ? jpeg(0, side + 1) : bytes;
  });
  // Pair 6 has the image of pair 1 that is none.
  images[12] = Buffer.from('<html>404 not found</html>');
  const damaged: VerificationSet = { images, same: set.same };
  const left = [2, 3, 4, 7, 8, 9, 10, 11];
  const warnings = (events: readonly StageEvent[]) =>
    events.flatMap((event) => (event.type === 'log' && event.level === 'warning' ? [event.message] : []));

  it('fail the stage unless they are to be left out', async () => {
    const [failure] = await failuresOf(() => verify(withModel().folder, { sets: { lfw: damaged } }));
    expect(failure?.code).toBe('image-size-mismatch');
  });

  it('are named and counted, and their pairs are left out of every figure, which say how many', async () => {
    const { folder } = withModel();
    const { events, results } = await verify(folder, {
      sets: { lfw: damaged },
      params: { unreadable: 'drop', embeddings: 'matrix' },
    });
    const [result] = results;
    const whole = (await verify(withModel().folder)).results[0];
    expect(result?.distances).toEqual(left.map((pair) => whole?.distances[pair]));
    expect(result?.leftOut).toEqual({ of: 12, pairs: [0, 1, 5, 6], images: 3, inOtherFolds: 3 });
    expect([result?.pairs, result?.samePairs, result?.folds.map(({ pairs }) => pairs)]).toEqual([8, 4, [2, 2, 2, 2]]);
    expect(figuresOf(events)).toMatchObject({ pairsLeftOut: 4, imagesLeftOut: 3 });
    expect(matrixOf(join(folder, 'details', 'lfw_embeddings.bin'))).toHaveLength(16 * embeddingSize);
    expect(warnings(events)).toEqual([
      `left out image 0 of lfw: it is ${side + 1} x ${side + 1}, most are ${side} x ${side}`,
      'left out image 3 of lfw: the image cannot be decoded: it is not an image in a known format',
      'left out image 11 of lfw: the image cannot be decoded: the JPEG data end before the image starts',
      'left out 4 pairs of 12 of lfw, since 3 images cannot be read: the 4 folds are cut out of the 8 that are left, 3 of them in another fold than before',
    ]);
  });

  it('leave the figures of a sound set as they are, and say that nothing is missing', async () => {
    const plain = await verify(withModel().folder);
    const { results, events } = await verify(withModel().folder, { params: { unreadable: 'drop' } });
    const { leftOut, ...others } = results[0] ?? {};
    expect(leftOut).toEqual({ of: 12, pairs: [], images: 0, inOtherFolds: 0 });
    expect(others).toEqual(plain.results[0]);
    expect(figuresOf(events)).toMatchObject({ pairsLeftOut: 0, imagesLeftOut: 0 });
  });

  it('that are in all pairs end in a failure', async () => {
    const none = { images: set.images.map(() => Buffer.from('nothing')), same: set.same };
    const printed = await printedFailure(() =>
      verify(withModel().folder, { sets: { lfw: none }, params: { unreadable: 'drop' } }),
    );
    expect(printed.replace(/^.*lfw\.bin/, '<set>')).toMatchInlineSnapshot(`
      "<set>: no-readable-pair: none of the 12 pairs of lfw has two images that can be read; of image 0: the image cannot be decoded: it is not an image in a known format
        Pack the set again, or copy it again: flow inspect shows what it holds."
    `);
  });
});
