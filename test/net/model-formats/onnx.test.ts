import { InferenceSession, Tensor } from 'onnxruntime-node';
import { beforeAll, describe, expect, it } from 'vitest';
import type { EngineHandle } from '../../../src/net/engines/engine-handle.ts';
import { Network } from '../../../src/net/engines/network.ts';
import type { Graph } from '../../../src/net/graph.ts';
import { inferGraph } from '../../../src/net/infer-graph.ts';
import { onnxBytes } from '../../../src/net/model-formats/onnx/write-onnx.ts';
import { relativeDifference } from '../engines/compute-network.ts';
import { referenceEngine } from '../engines/engines.ts';
import { randomParameters, randomValues, smallNetworks } from '../engines/small-networks.ts';

let reference: EngineHandle;
beforeAll(async () => {
  reference = await referenceEngine();
});

/** Outputs in NCHW for pictures in NCHW. */
function computeHere(graph: Graph, pictures: Float32Array, batch: number): Float32Array[] {
  const { tf } = reference;
  const { channels, height, width } = graph.input;
  const network = new Network(reference, inferGraph(graph), randomParameters(graph, 1));
  const outputs = tf.tidy(() => {
    const input = tf.transpose(tf.tensor4d(pictures, [batch, channels, height, width]), [0, 2, 3, 1]);
    return network
      .infer(input)
      .map((output) => (output.rank === 4 ? tf.transpose(output, [0, 3, 1, 2]) : output))
      .map((output) => Float32Array.from(output.dataSync()));
  });
  network.dispose();
  return outputs;
}

async function computeThere(graph: Graph, pictures: Float32Array, fold: boolean): Promise<Float32Array[]> {
  const { channels, height, width } = graph.input;
  const model = { inferred: inferGraph(graph), parameters: randomParameters(graph, 1) };
  const session = await InferenceSession.create(onnxBytes(model, { foldBatchNormalization: fold }));
  const batch = pictures.length / channels / height / width;
  const results = await session.run({ data: new Tensor('float32', pictures, [batch, channels, height, width]) });
  return graph.outputs.map((name) => results[name]?.data as Float32Array);
}

describe('a network written as ONNX', () => {
  it.each(Object.entries(smallNetworks))('%s: onnxruntime gives what the reference gives', async (_name, graph) => {
    const { channels, height, width } = graph.input;
    for (const [batch, fold] of [
      [1, false],
      [3, true],
    ] as const) {
      const pictures = randomValues(batch * channels * height * width, 2);
      const wanted = computeHere(graph, pictures, batch);
      const found = await computeThere(graph, pictures, fold);
      expect(found).toHaveLength(wanted.length);
      for (const [index, values] of wanted.entries()) {
        expect(relativeDifference(found[index] ?? new Float32Array(), values)).toBeLessThan(1e-5);
      }
    }
  });
});
