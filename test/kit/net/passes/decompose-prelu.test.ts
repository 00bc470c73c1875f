import { beforeAll, describe, expect, it } from 'vitest';
import type { Backend } from '../../../../src/kit/net/backends/backend.ts';
import { GraphExecutor } from '../../../../src/kit/net/backends/graph-executor.ts';
import { decomposePrelu } from '../../../../src/kit/net/passes/decompose-prelu.ts';
import { required } from '../../../../src/kit/net/backends/tensors.ts';
import type { ParameterizedGraph } from '../../../../src/kit/net/model/model.ts';
import { GraphBuilder } from '../../../../src/kit/net/graph/graph-builder.ts';
import { inferShapes } from '../../../../src/kit/net/graph/infer-shapes.ts';
import { referenceEngine } from '../backends/engines.ts';
import { relativeDifference } from '../backends/compute-network.ts';
import { randomParameters, randomValues } from '../backends/small-networks.ts';

const images = { batch: 3, height: 6, width: 5 };

/** A convolution, PReLU of its maps with slopes from -1 on, and PReLU of rows behind it. */
function network(channels: number): ParameterizedGraph {
  const builder = new GraphBuilder();
  const window = { kernel: [3, 3], stride: [1, 1], pad: [1, 1] } as const;
  const maps = builder.add('convolution', 'conv', builder.data, {
    filters: channels,
    ...window,
    groups: 1,
    bias: true,
  });
  const bent = builder.add('prelu', 'maps', maps);
  const rows = builder.add('prelu', 'rows', builder.add('fully-connected', 'dense', bent, { units: 16, bias: true }));
  const graph = builder.build({ channels: 3, height: images.height, width: images.width }, rows);
  const parameters = randomParameters(graph, 3);
  const slopes = Float32Array.from({ length: channels }, (_, channel) => (channel - 10) / 10);
  parameters.set('maps_gamma', { name: 'maps_gamma', shape: [channels], values: slopes });
  return { shaped: inferShapes(graph), parameters };
}

describe('PReLU made of convolutions', () => {
  let reference: Backend;
  beforeAll(async () => {
    reference = await referenceEngine();
  });

  function compute({ shaped, parameters }: ParameterizedGraph): Float32Array {
    const { batch, height, width } = images;
    const values = randomValues(batch * height * width * 3, 4);
    const output = required(
      new GraphExecutor(reference, shaped, parameters).infer(
        reference.tf.tensor4d(values, [batch, height, width, 3]),
      )[0],
      'the output',
    );
    return Float32Array.from(output.dataSync());
  }

  it('gives the same values, slopes below 0 and above 1 too', () => {
    const plain = network(32);
    const spread = decomposePrelu(plain);
    expect(relativeDifference(compute(spread), compute(plain))).toBeLessThan(1e-6);
    expect(spread.shaped.graph.layers.map(({ name, kind }) => `${name} ${kind}`)).toEqual([
      'conv convolution',
      'maps#negated convolution',
      'maps#below activation',
      'maps#share convolution',
      'maps add',
      'dense fully-connected',
      'rows prelu',
    ]);
    expect(plain.parameters.has('maps_gamma')).toBe(true);
  });

  it('leaves maps alone whose channels fill no block', () => {
    expect(decomposePrelu(network(12)).shaped.graph).toEqual(network(12).shaped.graph);
  });
});
