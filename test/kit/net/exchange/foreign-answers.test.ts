import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { EngineIdentity } from '../../../../src/core/engine-identity.ts';
import { FailureError } from '../../../../src/core/failure.ts';
import { Random } from '../../../../src/core/random.ts';
import type { InputNormalization } from '../../../../src/kit/net/exchange/model-format.ts';
import { loadEmbedder } from '../../../../src/kit/net/sessions/embedder.ts';
import { onnxruntimeOnCpu } from '../../../../src/kit/net/sessions/onnxruntime/load-onnxruntime.ts';

/*
 * For every file in test/fixtures/foreign-models: what the stages that embed make of it, by our layers and, of ONNX, by
 * onnxruntime. Either an embedding, the same by both, or one refusal by name.
 */

const folder = fileURLToPath(new URL('../../../fixtures/foreign-models/', import.meta.url));
const usual: InputNormalization = { mean: 127.5, scale: 1 / 128, colorOrder: 'rgb' };
const embeds = 'an embedding';
const noNorm = 'unstated';

interface Answers {
  /** Where the file normalises its images itself none is given. */
  readonly given?: typeof noNorm;
  readonly layers: string;
  /** Of ONNX files. */
  readonly onnxruntime?: string;
}

const noLayer = (node: string, operator: string): string =>
  `unknown-operator: node "${node}" is of operator "${operator}", for which there is no layer`;
const grey = 'not-an-embedding: the network does not embed faces: expected images of 3 channels (RGB), its input has 1';

const answers: Readonly<Record<string, Answers>> = {
  // Read by both, and computed alike.
  'bnfirst.onnx': { layers: embeds, onnxruntime: embeds },
  'deconvolved.onnx': { layers: embeds, onnxruntime: embeds },
  'deconvolved-further.onnx': { layers: embeds, onnxruntime: embeds },
  'dilated.onnx': { layers: embeds, onnxruntime: embeds },
  'dynamo.onnx': { layers: embeds, onnxruntime: embeds },
  'dyngap.onnx': { layers: embeds, onnxruntime: embeds },
  'ext.onnx': { layers: embeds, onnxruntime: embeds },
  'external/model.onnx': { layers: embeds, onnxruntime: embeds },
  'hswish_ts17.onnx': { layers: embeds, onnxruntime: embeds },
  'largest.onnx': { layers: embeds, onnxruntime: embeds },
  'l2norm.onnx': { layers: embeds, onnxruntime: embeds },
  'nhwcnorm.onnx': { given: noNorm, layers: embeds, onnxruntime: embeds },
  'nhwcu8norm.onnx': { given: noNorm, layers: embeds, onnxruntime: embeds },
  'relu6.onnx': { layers: embeds, onnxruntime: embeds },
  'samepad.onnx': { layers: embeds, onnxruntime: embeds },
  // What the layers read as it is meant, and onnxruntime does not take.
  'slopeC.onnx': {
    layers: embeds,
    onnxruntime: 'onnx-not-run: onnxruntime (CPUExecutionProvider) cannot compute the network',
  },
  'spatial0.onnx': {
    layers: embeds,
    onnxruntime: 'onnx-not-run: onnxruntime (CPUExecutionProvider) cannot compute the network',
  },
  'fp16io.onnx': { layers: embeds, onnxruntime: embeds },
  // What onnxruntime runs, and no layer stands for.
  'adaface.onnx': {
    layers: 'expected one output, found out, norm',
    onnxruntime: 'expected one output, found out, norm',
  },
  'castint.onnx': {
    given: noNorm,
    layers: 'node "ci" (Cast) must have a floating type to cast to',
    onnxruntime: embeds,
  },
  'gnap_sum23.onnx': { layers: noLayer('n2', 'ReduceSum'), onnxruntime: 'not-an-embedding' },
  'p3beta.onnx': { layers: embeds, onnxruntime: embeds },
  'qdq.onnx': { layers: 'unsupported-tensor: tensor "input_zero_point" is of type 3', onnxruntime: embeds },
  'slopeW.onnx': { layers: 'node "r" (PRelu) must have one slope for each of its 28 channels', onnxruntime: embeds },
  'softmax11.onnx': {
    layers: 'node "softmax" (Softmax) must have rows as input: before operator set 13',
    onnxruntime: embeds,
  },
  'grey.onnx': { layers: grey, onnxruntime: 'not-an-embedding' },
  // Files of MXNet and Caffe are read by the layers only.
  'gluon-0000.params': { layers: embeds },
  'nonorm-0000.params': { layers: embeds },
  'means3.caffemodel': { layers: embeds },
  'cast-0000.params': { given: noNorm, layers: embeds },
  'combined-0000.params': { given: noNorm, layers: embeds },
  'clip-0000.params': { given: noNorm, layers: embeds },
  'l2-0000.params': { given: noNorm, layers: embeds },
  'leaky-0000.params': { given: noNorm, layers: embeds },
  'smaxtemp-0000.params': { layers: 'node "smt" (softmax) must have temperature 1, found 3' },
  'nonames-0000.params': { layers: 'parameters-mismatch: the arrays have no names' },
  'bn5b.caffemodel': { layers: 'layer "bn1" (BatchNorm) takes 3 blobs, and the file has 5 for it' },
  'depthwise.caffemodel': { layers: embeds },
  'normalize.caffemodel': { layers: embeds },
  // The file was made of one with PReLU.
  'relu6.caffemodel': { layers: 'layer "relu1" (ReLU6) takes 0 blobs, and the file has 1 for it' },
};

const random = new Random(7);
const noise = Uint8Array.from({ length: 2 * 112 * 112 * 3 }, () => random.integer(256));

/** The embeddings of two images of noise, or the failures as they begin. */
async function answer(
  file: string,
  engine: EngineIdentity,
  { given, asGraph = false }: { readonly given: Answers['given'] | undefined; readonly asGraph?: boolean },
): Promise<Float32Array | string> {
  const normalization = given === noNorm ? {} : { normalization: usual };
  try {
    const embedder = await loadEmbedder({ model: join(folder, file), engine, threads: 1, asGraph, ...normalization });
    try {
      return await embedder.embed(noise, 2);
    } finally {
      await embedder.dispose();
    }
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    return error.failures.map(({ code, message }) => `${code}: ${message}`).join('\n');
  }
}

it('every model of the folder has an answer', () => {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  expect(Object.keys(answers).sort()).toEqual(files.filter((name) => /\.(onnx|params|caffemodel)$/.test(name)).sort());
});

const byLayers = new Map<string, Float32Array | string>();

function check(found: Float32Array | string, expected: string): void {
  if (typeof found === 'string') expect(found).toContain(expected);
  else {
    expect(expected).toBe(embeds);
    expect(found.every(Number.isFinite) && found.some((value) => value !== 0)).toBe(true);
  }
}

describe.each(Object.entries(answers))('%s', (file, { given, layers, onnxruntime }) => {
  it('by our layers', async () => {
    const found = await answer(file, { name: 'cpu', version: '4.22.0' }, { given });
    byLayers.set(file, found);
    check(found, layers);
  });

  const installed = onnxruntimeOnCpu(1);
  it.runIf(onnxruntime !== undefined && installed.available)('by onnxruntime, where it is installed', async () => {
    const engine = installed.available ? installed.load().identity : expect.fail();
    const found = await answer(file, engine, { given });
    check(found, onnxruntime ?? '');
    // As the library embeds: what the layers can express by them, everything else as it is.
    const asGraph = await answer(file, engine, { given, asGraph: true });
    check(asGraph, layers === embeds ? layers : (onnxruntime ?? ''));
    const others = [byLayers.get(file), found].filter((other) => typeof other === 'object');
    if (typeof asGraph === 'string') return;
    const length = Math.hypot(...asGraph);
    for (const other of others) {
      const furthest = Math.max(...asGraph.map((value, index) => Math.abs(value - (other[index] ?? NaN))));
      expect(furthest / length).toBeLessThan(1e-4);
    }
  });
});
