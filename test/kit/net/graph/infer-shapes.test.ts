import { describe, expect, it } from 'vitest';
import { FailureError } from '../../../../src/core/failure.ts';
import { buildNetwork } from '../../../../src/kit/net/backbones/index.ts';
import type { Graph, LayerNode } from '../../../../src/kit/net/graph/graph.ts';
import { inferShapes } from '../../../../src/kit/net/graph/infer-shapes.ts';

function messagesOf(layers: readonly LayerNode[], ...outputs: readonly string[]): string[] {
  const graph: Graph = { input: { channels: 3, height: 8, width: 8 }, layers, outputs };
  try {
    inferShapes(graph);
  } catch (error) {
    if (error instanceof FailureError) return error.failures.map(({ code, message }) => `${code}: ${message}`);
    throw error;
  }
  return [];
}

const convolution = (name: string, input: string, groups = 1): LayerNode => ({
  name,
  kind: 'convolution',
  inputs: [input],
  attributes: { filters: 4, kernel: [3, 3], stride: [1, 1], pad: [1, 1], groups, bias: false },
});
const prelu = (name: string, input: string): LayerNode => ({ name, kind: 'prelu', inputs: [input], attributes: {} });

describe('inferShapes', () => {
  it('counts the multiply-adds of a MobileFaceNet as its paper does, about 221 million', () => {
    const choice = { name: 'y1', embeddingSize: 128, bnMomentum: 0.9 } as const;
    const { multiplyAdds } = inferShapes(buildNetwork(choice, { height: 112, width: 112 }));
    expect(multiplyAdds / 1e6).toBeCloseTo(221, 0);
  });

  it('names the layer that nobody made, and what was probably meant', () => {
    expect(messagesOf([convolution('conv1', 'data'), prelu('relu1', 'conv')], 'relu1')).toEqual([
      'unknown-layer: layer "relu1" (prelu) takes its input from "conv", and no layer before it has that name (did you mean "conv1"?)',
    ]);
  });

  it('says which shapes do not fit', () => {
    const sum: LayerNode = { name: 'sum', kind: 'add', inputs: ['conv1', 'data'], attributes: {} };
    expect(messagesOf([convolution('conv1', 'data'), sum], 'sum')).toEqual([
      'shape-mismatch: layer "sum" (add) cannot add [4, 8, 8] and [3, 8, 8]',
    ]);
    expect(messagesOf([convolution('conv1', 'data', 2)], 'conv1')).toEqual([
      'shape-mismatch: layer "conv1" (convolution) 3 channels cannot be split into 2 groups',
    ]);
  });

  it('reports every mistake once, and not those that follow from another', () => {
    const layers = [convolution('conv1', 'data', 2), prelu('relu1', 'conv1'), prelu('relu1', 'relu1')];
    expect(messagesOf(layers, 'nothing')).toEqual([
      'shape-mismatch: layer "conv1" (convolution) 3 channels cannot be split into 2 groups',
      'duplicate-layer: two layers are named "relu1"',
      'unknown-layer: the output of the network is to be layer "nothing", which does not exist',
    ]);
  });

  it('says what is wrong with the outputs', () => {
    const layers = [convolution('conv1', 'data')];
    expect(messagesOf(layers)).toEqual(['bad-graph: the network has no output']);
    expect(messagesOf(layers, 'conv1', 'conv1')).toEqual(['bad-graph: layer "conv1" is an output twice']);
  });

  it('says which inputs cannot be multiplied, put together or cut', () => {
    const on = (node: Pick<LayerNode, 'kind' | 'attributes'>, ...inputs: string[]): string[] =>
      messagesOf([convolution('conv1', 'data'), { name: 'last', inputs, ...node } as LayerNode], 'last');
    const flat: LayerNode = { name: 'flat', kind: 'flatten', inputs: ['data'], attributes: {} };
    expect(on({ kind: 'multiply', attributes: {} }, 'conv1', 'data')).toEqual([
      'shape-mismatch: layer "last" (multiply) cannot multiply [4, 8, 8] by [3, 8, 8]: the second input has the shape of the first, or one value per channel',
    ]);
    expect(on({ kind: 'concat', attributes: {} })).toEqual([
      'bad-layer: layer "last" (concat) takes one or more inputs, not 0',
    ]);
    expect(
      messagesOf([flat, { name: 'last', kind: 'concat', inputs: ['data', 'flat'], attributes: {} }], 'last'),
    ).toEqual(['shape-mismatch: layer "last" (concat) cannot put the channels of [3, 8, 8] and [192] together']);
    expect(on({ kind: 'slice', attributes: { begin: 2, end: 5 } }, 'conv1')).toEqual([
      'shape-mismatch: layer "last" (slice) cannot take channels 2 to 5 of [4, 8, 8]',
    ]);
    const window = { kernel: [1, 1], stride: [3, 3], pad: [0, 0], convention: 'full' } as const;
    expect(on({ kind: 'pooling', attributes: { function: 'max', global: false, ...window } }, 'conv1')).toEqual([
      'shape-mismatch: layer "last" (pooling) its last 1 x 1 window would be outside of 8 x 8',
    ]);
  });

  it('finds wrong and unknown attributes', () => {
    const wrong = { ...convolution('conv1', 'data'), attributes: { filters: 0, kernel: [3], colour: 1 } };
    expect(messagesOf([wrong as unknown as LayerNode], 'conv1')).toEqual([
      'bad-layer: layer "conv1" (convolution) has no attribute "colour"',
      'bad-layer: layer "conv1" (convolution): filters must be an integer of at least 1, found 0',
      'bad-layer: layer "conv1" (convolution): kernel must be two integers (height, width) of at least 1, found [3]',
      'bad-layer: layer "conv1" (convolution): stride must be two integers (height, width) of at least 1, found nothing',
      'bad-layer: layer "conv1" (convolution): pad must be two integers (height, width) of at least 0, found nothing',
      'bad-layer: layer "conv1" (convolution): groups must be an integer of at least 1, found nothing',
      'bad-layer: layer "conv1" (convolution): bias must be true or false, found nothing',
    ]);
  });

  it('refuses two parameters of one name', () => {
    const second = { ...convolution('conv2', 'conv1'), parameterNames: { weight: 'conv1_weight' } };
    expect(messagesOf([convolution('conv1', 'data'), second], 'conv2')).toEqual([
      'duplicate-parameter: layers "conv1" and "conv2" both have a parameter "conv1_weight"',
    ]);
  });
});
