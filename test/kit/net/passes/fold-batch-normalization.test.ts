import { describe, expect, it } from 'vitest';
import { foldBatchNormalization } from '../../../../src/kit/net/passes/fold-batch-normalization.ts';
import { GraphBuilder } from '../../../../src/kit/net/graph/graph-builder.ts';
import type { Graph } from '../../../../src/kit/net/graph/graph.ts';
import { inferShapes } from '../../../../src/kit/net/graph/infer-shapes.ts';
import { GraphExecutor } from '../../../../src/kit/net/backends/graph-executor.ts';
import { relativeDifference } from '../backends/compute-network.ts';
import { referenceEngine } from '../backends/engines.ts';
import { randomParameters, randomValues } from '../backends/small-networks.ts';

const normalization = { epsilon: 1e-3, momentum: 0.9, fixGamma: false };

/** Two convolutions that can be merged, one whose value has another user, and the end of an embedding network. */
function mixedGraph(): Graph {
  const builder = new GraphBuilder();
  const convolution = (name: string, input: string, groups: number, bias: boolean): string =>
    builder.add('convolution', name, input, {
      filters: 6,
      kernel: [3, 3],
      stride: [1, 1],
      pad: [1, 1],
      groups,
      bias,
    });
  const first = builder.add('batch-normalization', 'bn1', convolution('conv1', builder.data, 1, false), normalization);
  const second = builder.add('batch-normalization', 'bn2', convolution('conv2', first, 6, true), normalization);
  const third = convolution('conv3', second, 1, false);
  const both = builder.add('add', 'sum', [third, builder.add('batch-normalization', 'bn3', third, normalization)]);
  const dense = builder.add('fully-connected', 'pre_fc1', both, { units: 4, bias: true }, { weight: 'fc1_weight' });
  const output = builder.add('batch-normalization', 'fc1', dense, { ...normalization, fixGamma: true });
  return builder.build({ channels: 3, height: 6, width: 5 }, output);
}

describe('foldBatchNormalization', () => {
  it('leaves out what it can, and the network gives the same values', async () => {
    const engine = await referenceEngine();
    const graph = mixedGraph();
    const whole = { shaped: inferShapes(graph), parameters: randomParameters(graph, 3) };
    const folded = foldBatchNormalization(whole);
    expect(folded.shaped.graph.layers.map(({ name }) => name)).toEqual(['bn1', 'bn2', 'conv3', 'bn3', 'sum', 'fc1']);
    expect(new Set(folded.shaped.parameters.map(({ name }) => name))).toEqual(new Set(folded.parameters.keys()));
    const images = engine.tf.tensor4d(randomValues(2 * 90, 4), [2, 6, 5, 3]);
    const [wanted, found] = [whole, folded].map(({ shaped, parameters }) =>
      Float32Array.from(new GraphExecutor(engine, shaped, parameters).infer(images)[0]?.dataSync() ?? []),
    );
    expect(relativeDifference(found ?? new Float32Array(), wanted ?? new Float32Array())).toBeLessThan(1e-5);
  });
});
