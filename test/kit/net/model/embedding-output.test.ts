import { describe, expect, it } from 'vitest';
import { buildNetwork } from '../../../../src/kit/net/backbones/index.ts';
import { embeddingOutput } from '../../../../src/kit/net/model/embedding-output.ts';
import { GraphBuilder } from '../../../../src/kit/net/graph/graph-builder.ts';
import { inferShapes } from '../../../../src/kit/net/graph/infer-shapes.ts';

describe('embeddingOutput', () => {
  it('is the last layer of a backbone and its length', () => {
    const graph = buildNetwork({ name: 'y1', embeddingSize: 128, bnMomentum: 0.9 }, { height: 112, width: 112 });
    expect(embeddingOutput(inferShapes(graph))).toEqual({ layer: 'fc1', size: 128 });
  });

  it('refuses a network that gives a feature map, or several things', () => {
    const builder = new GraphBuilder();
    const map = builder.add('prelu', 'relu1', builder.data);
    const row = builder.add('flatten', 'flatten0', map);
    const input = { channels: 3, height: 4, width: 5 };
    const end =
      (...outputs: string[]) =>
      () =>
        embeddingOutput(inferShapes(builder.build(input, ...outputs)), 'm.onnx');
    expect(end(map)).toThrow(
      'expected a network with one output, a row of numbers per image; this one ends in "relu1" (prelu) of shape [3, 4, 5]',
    );
    expect(end(row, map)).toThrow('ends in "flatten0" (flatten) of shape [60] and "relu1" (prelu) of shape [3, 4, 5]');
  });
});
