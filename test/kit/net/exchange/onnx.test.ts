import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Backend } from '../../../../src/kit/net/backends/backend.ts';
import { GraphExecutor } from '../../../../src/kit/net/backends/graph-executor.ts';
import type { ParameterizedGraph } from '../../../../src/kit/net/model/model.ts';
import { inferShapes } from '../../../../src/kit/net/graph/infer-shapes.ts';
import { onnxFormat } from '../../../../src/kit/net/exchange/onnx/onnx-format.ts';
import { onnxBytes } from '../../../../src/kit/net/exchange/onnx/write-onnx.ts';
import { relativeDifference } from '../backends/compute-network.ts';
import { referenceEngine } from '../backends/engines.ts';
import { randomParameters, randomValues, smallNetworks } from '../backends/small-networks.ts';

const work = mkdtempSync(join(tmpdir(), 'onnx-'));
afterAll(() => {
  rmSync(work, { recursive: true });
});

let reference: Backend;
beforeAll(async () => {
  reference = await referenceEngine();
});

/** Outputs in NCHW for images in NCHW. */
function computeHere({ shaped, parameters }: ParameterizedGraph, images: Float32Array): Float32Array[] {
  const { tf } = reference;
  const { channels, height, width } = shaped.graph.input;
  const batch = images.length / channels / height / width;
  const network = new GraphExecutor(reference, shaped, parameters);
  const outputs = tf.tidy(() => {
    const input = tf.transpose(tf.tensor4d(images, [batch, channels, height, width]), [0, 2, 3, 1]);
    return network
      .infer(input)
      .map((output) => (output.rank === 4 ? tf.transpose(output, [0, 3, 1, 2]) : output))
      .map((output) => Float32Array.from(output.dataSync()));
  });
  network.dispose();
  return outputs;
}

async function computeThere(model: ParameterizedGraph, images: Float32Array, fold: boolean): Promise<Float32Array[]> {
  const { input, outputs } = model.shaped.graph;
  const { channels, height, width } = input;
  const session = await InferenceSession.create(onnxBytes(model, { foldBatchNormalization: fold }));
  const batch = images.length / channels / height / width;
  const results = await session.run({ data: new Tensor('float32', images, [batch, channels, height, width]) });
  return outputs.map((name) => results[name]?.data as Float32Array);
}

function greatestDifference(found: readonly Float32Array[], wanted: readonly Float32Array[]): number {
  if (found.length !== wanted.length) return Infinity;
  const empty = new Float32Array();
  return Math.max(...wanted.map((values, index) => relativeDifference(found[index] ?? empty, values)));
}

describe('a network written as ONNX', () => {
  it.each(Object.entries(smallNetworks))('%s: onnxruntime gives what the reference gives', async (_name, graph) => {
    const { channels, height, width } = graph.input;
    const model = { shaped: inferShapes(graph), parameters: randomParameters(graph, 1) };
    for (const [batch, fold] of [
      [1, false],
      [3, true],
    ] as const) {
      const images = randomValues(batch * channels * height * width, 2);
      const found = await computeThere(model, images, fold);
      expect(greatestDifference(found, computeHere(model, images))).toBeLessThan(1e-5);
    }
  });

  it.each(Object.entries(smallNetworks))('%s: read back it gives the same', (name, graph) => {
    const { channels, height, width } = graph.input;
    const model = { shaped: inferShapes(graph), parameters: randomParameters(graph, 1), origin: {} };
    const path = join(work, `${name.replaceAll(/\W+/g, '-')}.onnx`);
    onnxFormat.write(path, model);
    const again = onnxFormat.read(path, {});
    const images = randomValues(2 * channels * height * width, 2);
    expect(greatestDifference(computeHere(again, images), computeHere(model, images))).toBeLessThan(1e-6);
    expect(again.shaped.graph.outputs).toEqual(graph.outputs);
    expect(new Set(again.parameters.keys())).toEqual(new Set(model.parameters.keys()));
  });
});
