import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { FailureError } from '../../../../src/core/failure.ts';
import { onnxModel } from '../../../../src/kit/codec/onnx/onnx-model.ts';
import { decodeFile } from '../../../../src/kit/codec/read-file.ts';
import { modelFormatOf } from '../../../../src/kit/net/exchange/choose-format.ts';
import type { InputNormalization } from '../../../../src/kit/net/exchange/model-format.ts';
import { readModelAs } from '../../../../src/kit/net/exchange/read-model-as.ts';
import type { Model } from '../../../../src/kit/net/model/model.ts';
import { checkForeign } from '../../../../src/kit/net/sessions/onnxruntime/check-foreign.ts';
import { onnxruntimeOnCpu } from '../../../../src/kit/net/sessions/onnxruntime/load-onnxruntime.ts';
import { loadEmbedder } from '../../../../src/kit/net/sessions/embedder.ts';
import { outputValues, sourceOutputValues } from '../../../../src/kit/net/sessions/output-values.ts';
import { loadBackend } from '../../../../src/kit/net/backends/load-backend.ts';
import { temporaryFolder } from '../../dataset/tiny-faces.ts';

/*
 * Small networks with random weights, as exporters and trainings of other programs write them, each with one thing that a
 * reader can pass over without noticing.
 */

const folder = fileURLToPath(new URL('../../../fixtures/foreign-models/', import.meta.url));
const normalization: InputNormalization = { mean: 127.5, scale: 1 / 128, colorOrder: 'rgb' };

function read(name: string, given: InputNormalization | 'unstated' = normalization): Model {
  const path = folder + name;
  return readModelAs({
    format: modelFormatOf(path),
    path,
    options: given === 'unstated' ? {} : { normalization: given },
  });
}

async function failure(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    if (error instanceof FailureError)
      return error.failures.map(({ code, message }) => `${code}: ${message}`).join('\n');
    throw error;
  }
  return 'none';
}

describe('what a reader has not understood is refused by name', () => {
  it.each([
    [
      'a temperature',
      'smaxtemp-0000.params',
      'unsupported-operator: node "smt" (softmax) must have temperature 1, found 3',
    ],
    [
      'a softmax of rows of all channels and positions',
      'softmax11.onnx',
      'unsupported-operator: node "softmax" (Softmax) must have rows as input: before operator set 13',
    ],
    [
      'slopes along the width',
      'slopeW.onnx',
      'unsupported-operator: node "r" (PRelu) must have one slope for each of its 28 channels, found shape [1, 1, 28]',
    ],
    [
      'a cast that cuts decimals off',
      'castint.onnx',
      'unsupported-operator: node "ci" (Cast) must have a floating type to cast to',
    ],
    ['norms over height and width', 'gnap_sum23.onnx', 'unknown-operator: node "n2" is of operator "ReduceSum"'],
    [
      'blobs of gamma and beta within',
      'bn5b.caffemodel',
      'parameters-mismatch: layer "bn1" (BatchNorm) takes 3 blobs, and the file has 5 for it',
    ],
    ['arrays without names', 'nonames-0000.params', 'parameters-mismatch: the arrays have no names'],
  ])('%s', async (_, name, expected) => {
    expect(await failure(() => read(name))).toContain(expected);
  });

  it('several means, unless a normalisation is given', async () => {
    expect(await failure(() => read('means3.caffemodel', 'unstated'))).toBe(
      'unsupported-layer: expected one mean_value for all channels in transform_param, found 104, 117, 123',
    );
    expect(read('means3.caffemodel').shaped.graph.layers.length).toBeGreaterThan(0);
  });
});

describe('a file that says nothing of the normalisation is not run without one', () => {
  it.each(['nonorm-0000.params', 'gluon-0000.params', 'slopeC.onnx'])('by our layers: %s', async (name) => {
    expect(await failure(() => read(name, 'unstated'))).toContain('normalization-unknown: layer "conv');
    expect(await failure(() => read(name))).toBe('none');
  });

  it.each(['qdq.onnx', 'slopeC.onnx', 'fp16io.onnx'])('by onnxruntime: %s', async (name) => {
    const check = (given: InputNormalization | undefined) =>
      failure(() => {
        checkForeign(folder + name, given);
      });
    expect(await check(undefined)).toContain('normalization-unknown: layer "conv1"');
    expect(await check(normalization)).toBe('none');
  });

  it('and one that begins with a batch normalisation of small numbers needs one too', async () => {
    expect(await failure(() => read('bnfirst.onnx'))).toBe('none');
    expect(await failure(() => read('bnfirst.onnx', 'unstated'))).toContain('normalization-unknown: layer "bn_data"');
    const check = (given: InputNormalization | undefined) =>
      failure(() => {
        checkForeign(`${folder}bnfirst.onnx`, given);
      });
    expect(await check(normalization)).toBe('none');
    expect(await check(undefined)).toContain('normalization-unknown: layer "bn_data"');
  });
});

describe('values in a file beside the model', () => {
  /** `ext.onnx` with other statements of where the values of its first tensor are, and a shorter file of values. */
  function changed(entries: Readonly<Record<string, string>>, bytes = 29_792): string {
    const path = join(temporaryFolder(), 'ext.onnx');
    const stored = decodeFile(onnxModel, `${folder}ext.onnx`);
    const initializers = stored.graph.initializers.map((tensor, index) => {
      if (index > 0) return tensor;
      const stated = {
        ...Object.fromEntries(tensor.externalData.map(({ key = '', value }) => [key, value])),
        ...entries,
      };
      return { ...tensor, externalData: Object.entries(stated).map(([key, value]) => ({ key, value: value ?? '' })) };
    });
    writeFileSync(path, onnxModel.encode({ ...stored, graph: { ...stored.graph, initializers } }));
    writeFileSync(`${path}.data`, readFileSync(`${folder}ext.onnx.data`).subarray(0, bytes));
    return path;
  }
  const readAt = (path: string) => readModelAs({ format: modelFormatOf(path), path, options: { normalization } });

  it('are read', () => {
    const model = readAt(changed({}));
    expect([...model.parameters.values()].every(({ values }) => values.some((value) => value !== 0))).toBe(true);
  });

  it.each([
    [
      'that leads upwards',
      { location: '../ext.onnx.data' },
      'is stored in "../ext.onnx.data", which is not beside the model',
    ],
    ['that is absolute', { location: '/etc/passwd' }, 'is stored in "/etc/passwd", which is not beside the model'],
    ['that is not there', { location: 'other.data' }, 'is stored in other.data, which is not there'],
    ['without a name', { location: '' }, 'is stored in another file, whose name is missing'],
    [
      'of another length',
      { length: '4' },
      /is \d+ bytes, and stored in bytes \d+ to \d+ of ext.onnx.data, which has 29792/,
    ],
    ['beyond its end', { offset: '29791' }, /and stored in bytes 29791 to \d+ of ext.onnx.data, which has 29792/],
    ['before its start', { offset: '-8' }, /and stored in bytes -8 to /],
  ] as const)('are refused in a file %s, by both readers', async (_, entries, expected) => {
    const path = changed(entries);
    const refused = await failure(() => readAt(path));
    expect(refused).toMatch(/^unsupported-tensor: tensor "/);
    if (typeof expected === 'string') expect(refused).toContain(expected);
    else expect(refused).toMatch(expected);
    const foreign = () => {
      checkForeign(path, normalization);
    };
    expect(await failure(foreign)).toBe(refused);
  });

  it('are refused where the file was cut off', async () => {
    expect(await failure(() => readAt(changed({}, 100)))).toContain('of ext.onnx.data, which has 100');
  });
});

it('one slope of MXNet counts for all channels', () => {
  const model = read('gluon-0000.params');
  const slopes = [...model.parameters.values()].filter(({ name }) => name.includes('prelu'));
  expect(slopes.length).toBeGreaterThan(0);
  for (const { values } of slopes) expect(new Set(values).size).toBe(1);
});

it('slopes without axes are taken as those of the channels, and the notes say so', () => {
  expect(read('slopeC.onnx').notes).toEqual([
    'Node "relu1" (PRelu): its slopes of shape [8] were taken as those of the channels; by the letter they are along the width.',
  ]);
});

it('a network of grey images is no embedding of ours', async () => {
  const engine = { name: 'cpu' as const, version: '4.22.0' };
  const load = () => loadEmbedder({ model: `${folder}grey.onnx`, engine, threads: 1, normalization });
  expect(await failure(load)).toContain(
    'not-an-embedding: the network does not embed faces: expected images of 3 channels',
  );
});

const onnxruntime = onnxruntimeOnCpu(1);

describe.runIf(onnxruntime.available)('onnxruntime, where it is installed', () => {
  const runtime = () => (onnxruntime.available ? onnxruntime.load() : expect.fail());

  it('says what it cannot compute as a failure, and what reads the file', async () => {
    const load = () =>
      loadEmbedder({ model: `${folder}slopeC.onnx`, engine: runtime().identity, threads: 1, normalization });
    expect(await failure(load)).toContain(
      'onnx-not-run: onnxruntime (CPUExecutionProvider) cannot compute the network',
    );
  });

  it('of several outputs none is taken, and the hint tells how one is', async () => {
    const load = () =>
      loadEmbedder({ model: `${folder}adaface.onnx`, engine: runtime().identity, threads: 1, normalization });
    expect(await failure(load)).toBe(
      'not-an-embedding: the network does not embed faces: expected one output, found out, norm',
    );
  });

  it('computes of a source file what was read of it', async () => {
    const model = read('bnfirst.onnx');
    const { channels, height, width } = model.shaped.graph.input;
    const images = Float32Array.from({ length: 2 * channels * height * width }, (_, index) => (index * 7919) % 256);
    const request = { file: `${folder}bnfirst.onnx`, shaped: model.shaped, outputs: undefined, normalization, images };
    const found = await sourceOutputValues(runtime(), request);
    const expected = await outputValues(
      await loadBackend({ name: 'cpu', version: '4.22.0' }, { threads: 1 }),
      model,
      images,
    );
    if (typeof found === 'string') expect.fail(found);
    expect(found[0]?.length).toBe(expected[0]?.length);
    const furthest = Math.max(
      ...Array.from(found[0] ?? [], (value, index) => Math.abs(value - (expected[0]?.[index] ?? NaN))),
    );
    expect(furthest).toBeLessThan(1e-3);
    const other = await sourceOutputValues(runtime(), { ...request, outputs: ['nothing'] });
    expect(other).toBe('"nothing" is no output of the file');
  });
});
