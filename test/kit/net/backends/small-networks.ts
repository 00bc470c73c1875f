import { Random } from '../../../../src/core/random.ts';
import { elementCount, type FeatureShape } from '../../../../src/kit/net/graph/feature-shape.ts';
import { type Graph, type LayerNode } from '../../../../src/kit/net/graph/graph.ts';
import { GraphBuilder } from '../../../../src/kit/net/graph/graph-builder.ts';
import { inferShapes } from '../../../../src/kit/net/graph/infer-shapes.ts';
import { type LayerKind, layers } from '../../../../src/kit/net/graph/layers/index.ts';
import type { NamedArray } from '../../../../src/kit/net/model/model.ts';
import { poolingOverImage } from '../../../../src/kit/net/graph/layers/pooling.ts';

const overImage = poolingOverImage('average');

const normalization = { epsilon: 1e-3, momentum: 0.9, fixGamma: false };

/** A network around `layer`, with something to train before it, so that gradients have to go through it. */
function around(
  layer: (builder: GraphBuilder, input: string) => string | readonly string[],
  size = { height: 9, width: 8 },
  channels = 4,
): Graph {
  const builder = new GraphBuilder();
  const convolved = builder.add('convolution', 'before', builder.data, {
    filters: channels,
    kernel: [1, 1],
    stride: [1, 1],
    pad: [0, 0],
    groups: 1,
    bias: false,
  });
  const outputs = layer(builder, convolved);
  return builder.build({ channels: 3, ...size }, ...(typeof outputs === 'string' ? [outputs] : outputs));
}

interface Windowed {
  readonly filters: number;
  readonly kernel: [number, number];
  readonly stride: [number, number];
  readonly pad: [number, number];
  readonly groups: number;
  readonly bias: boolean;
}

function convolution(attributes: Windowed): Graph {
  return around((builder, input) => builder.add('convolution', 'layer', input, attributes));
}

/** One small network per way of computing a layer, besides the example that each kind brings itself. */
const furtherNetworks: Readonly<Record<string, Graph>> = {
  'convolution 3x3, padded': convolution({
    filters: 5,
    kernel: [3, 3],
    stride: [1, 1],
    pad: [1, 1],
    groups: 1,
    bias: false,
  }),
  'convolution 3x2, stride 2 by 1, padded on one axis, with bias': convolution({
    filters: 5,
    kernel: [3, 2],
    stride: [2, 1],
    pad: [1, 0],
    groups: 1,
    bias: true,
  }),
  'convolution 3x3, stride 2, padded': convolution({
    filters: 6,
    kernel: [3, 3],
    stride: [2, 2],
    pad: [1, 1],
    groups: 1,
    bias: false,
  }),
  'convolution 1x1, stride 2': convolution({
    filters: 6,
    kernel: [1, 1],
    stride: [2, 2],
    pad: [0, 0],
    groups: 1,
    bias: false,
  }),
  'depthwise convolution': convolution({
    filters: 4,
    kernel: [3, 3],
    stride: [1, 1],
    pad: [1, 1],
    groups: 4,
    bias: false,
  }),
  'depthwise convolution, stride 2, two filters per channel': convolution({
    filters: 8,
    kernel: [3, 3],
    stride: [2, 2],
    pad: [1, 1],
    groups: 4,
    bias: false,
  }),
  'convolution in two groups': convolution({
    filters: 6,
    kernel: [3, 3],
    stride: [2, 2],
    pad: [1, 1],
    groups: 2,
    bias: true,
  }),
  'batch normalisation with gamma fixed, of rows': around((builder, input) => {
    const dense = builder.add('fully-connected', 'dense', input, { units: 5, bias: false });
    return builder.add('batch-normalization', 'layer', dense, { ...normalization, fixGamma: true });
  }),
  'prelu of rows': around((builder, input) => builder.add('prelu', 'layer', builder.add('flatten', 'rows', input))),
  sigmoid: around((builder, input) => builder.add('activation', 'layer', input, { function: 'sigmoid' })),
  softrelu: around((builder, input) => builder.add('activation', 'layer', input, { function: 'softrelu' })),
  softsign: around((builder, input) => builder.add('activation', 'layer', input, { function: 'softsign' })),
  elu: around((builder, input) => builder.add('activation', 'layer', input, { function: 'elu' })),
  relu6: around((builder, input) => builder.add('clip', 'layer', input, { minimum: 0, maximum: 6 })),
  'unit length of rows': around((builder, input) =>
    builder.add('unit-length', 'layer', builder.add('flatten', 'rows', input)),
  ),
  tanh: around((builder, input) => builder.add('activation', 'layer', input, { function: 'tanh' })),
  'mean pooling, padding left out': around((builder, input) =>
    builder.add('pooling', 'layer', input, {
      function: 'average-inside',
      global: false,
      kernel: [3, 3],
      stride: [2, 2],
      pad: [1, 1],
      convention: 'full',
    }),
  ),
  'max pooling, padded': around((builder, input) =>
    builder.add('pooling', 'layer', input, {
      function: 'max',
      global: false,
      kernel: [3, 3],
      stride: [2, 2],
      pad: [1, 1],
      convention: 'valid',
    }),
  ),
  'average pooling, padded': around((builder, input) =>
    builder.add('pooling', 'layer', input, {
      function: 'average',
      global: false,
      kernel: [3, 2],
      stride: [2, 2],
      pad: [1, 1],
      convention: 'valid',
    }),
  ),
  'max pooling of many equal values, windows cut at the border': around((builder, input) =>
    builder.add('pooling', 'layer', builder.add('activation', 'positive', input, { function: 'relu' }), {
      function: 'max',
      global: false,
      kernel: [3, 2],
      stride: [2, 3],
      pad: [1, 0],
      convention: 'full',
    }),
  ),
  'global max pooling': around((builder, input) =>
    builder.add('pooling', 'layer', input, { ...overImage, function: 'max' }),
  ),
  'global average pooling': around((builder, input) => builder.add('pooling', 'layer', input, overImage)),
  'flatten and fully connected': around((builder, input) =>
    builder.add('fully-connected', 'layer', builder.add('flatten', 'rows', input), { units: 6, bias: false }),
  ),
  // As long as the sums before an embedding are: backends have programs of their own for it.
  'fully connected, long sums': (() => {
    const builder = new GraphBuilder();
    const output = builder.add('fully-connected', 'layer', builder.data, { units: 64, bias: true });
    return builder.build({ channels: 3, height: 27, width: 27 }, output);
  })(),
  'identity and scalars': around((builder, input) => {
    const centred = builder.add('minus-scalar', 'minus', builder.add('identity', 'same', input), { scalar: 0.3 });
    return builder.add('multiply-scalar', 'layer', centred, { scalar: -1.5 });
  }),
  'the product of two images': around((builder, input) =>
    builder.add('multiply', 'layer', [input, builder.add('prelu', 'slope', input)]),
  ),
  'an image times pixels': around((builder, input) => {
    const pooled = builder.add('pooling', 'pooled', input, overImage);
    return builder.add('multiply', 'layer', [input, pooled]);
  }),
  'channels of several images': around((builder, input) => {
    const slope = builder.add('prelu', 'slope', input);
    return builder.add('concat', 'layer', [slope, builder.data, input]);
  }),
  'channels of one image': around((builder, input) => builder.add('concat', 'layer', [input])),
  'rows put together': around((builder, input) => {
    const dense = builder.add('fully-connected', 'dense', input, { units: 5, bias: false });
    return builder.add('concat', 'layer', [dense, builder.add('flatten', 'flat', input)]);
  }),
  'some values of rows': around((builder, input) =>
    builder.add('slice', 'layer', builder.add('flatten', 'flat', input), { begin: 0, end: 7 }),
  ),
  'softmax of rows': around((builder, input) =>
    builder.add('softmax', 'layer', builder.add('fully-connected', 'dense', input, { units: 5, bias: true })),
  ),
  'two outputs, one of them on the way to the other': around((builder, input) => {
    const slope = builder.add('prelu', 'slope', input);
    return [builder.add('softmax', 'layer', slope), slope];
  }),
  'a value with three users': around((builder, input) => {
    const slope = builder.add('prelu', 'slope', input);
    const twice = builder.add('add', 'twice', [slope, input]);
    return builder.add('add', 'layer', [twice, input]);
  }),
};

/** The example of a kind of layer, as a network with something to train before each of its inputs. */
function exampleOf(kind: LayerKind): Graph {
  const { inputs: count, example } = layers[kind];
  const shapes = example.inputs ?? Array.from({ length: count === 'one or more' ? 1 : count }, () => [4, 9, 8]);
  const builder = new GraphBuilder();
  const inputs = shapes.map((shape, index) => valueOf(builder, `input${index}`, shape));
  const { attributes } = example;
  const nodes = builder.build({ channels: 3, height: 9, width: 8 }).layers;
  const node = { name: 'layer', kind, inputs, attributes } as LayerNode;
  return { input: { channels: 3, height: 9, width: 8 }, layers: [...nodes, node], outputs: ['layer'] };
}

/** A value of the shape that is computed from the images by trained weights. */
function valueOf(builder: GraphBuilder, name: string, [channels = 1, height, width]: FeatureShape): string {
  if (height === undefined) return builder.add('fully-connected', name, builder.data, { units: channels, bias: false });
  const isPixel = height === 1 && width === 1;
  const maps = builder.add('convolution', isPixel ? `${name}_maps` : name, builder.data, {
    filters: channels,
    kernel: [1, 1],
    stride: [1, 1],
    pad: [0, 0],
    groups: 1,
    bias: false,
  });
  return isPixel ? builder.add('pooling', name, maps, overImage) : maps;
}

const kinds = Object.keys(layers) as LayerKind[];

/** One small network per kind of layer and per way of computing it. */
export const smallNetworks: Readonly<Record<string, Graph>> = {
  ...Object.fromEntries(kinds.map((kind) => [`the example of ${kind}`, exampleOf(kind)])),
  ...furtherNetworks,
};

/** Arrays for every parameter, of the size they have in a trained network. */
export function randomParameters(graph: Graph, seed: number): Map<string, NamedArray> {
  const random = new Random(seed);
  return new Map(
    inferShapes(graph).parameters.map(({ name, shape, suffix }) => {
      const draw = suffix === 'moving_var' ? () => random.uniform(0.5, 2) : () => random.normal() * 0.5;
      return [name, { name, shape, values: Float32Array.from({ length: elementCount(shape) }, draw) }];
    }),
  );
}

/** Images of an odd kind: small numbers around zero, so that differences show. */
export function randomValues(count: number, seed: number): Float32Array {
  const random = new Random(seed);
  return Float32Array.from({ length: count }, () => random.normal());
}

/** Pixels as images have them, 0..255: around 0 they would all be nearly the same after `(pixel - 127.5) / 128`. */
export function randomPixels(count: number, seed: number): Float32Array {
  return randomValues(count, seed).map((value) => Math.min(255, Math.max(0, Math.round(127.5 + 64 * value))));
}
