import type { MxnetEntry } from '../../../codec/mxnet/mxnet-symbol.ts';
import type { LayerNodeOf } from '../../graph/graph.ts';
import { normEpsilon } from '../../graph/layers/equalize-norms.ts';
import { smallestNorm } from '../../graph/layers/unit-length.ts';
import type { LayerKind } from '../../graph/layers/index.ts';
import type { FeatureShape } from '../../graph/feature-shape.ts';
import type { WriterOf } from '../not-in.ts';
import type { SymbolWriter } from './symbol-writer.ts';

/** A layer to be written. */
interface WriterCall<Kind extends LayerKind> {
  readonly node: LayerNodeOf<Kind>;
  readonly writer: SymbolWriter;
  readonly inputs: readonly MxnetEntry[];
  readonly shapes: readonly FeatureShape[];
  /** The variable of a parameter, by suffix. */
  readonly parameter: (suffix: string) => MxnetEntry;
}

/** Writes the operators that the layer is in MXNet; returns its value. The last of them has the layer's name. */
type LayerWriter<Kind extends LayerKind> = WriterOf<WriterCall<Kind>, MxnetEntry>;

export const layerWriters: { readonly [Kind in LayerKind]: LayerWriter<Kind> } = {
  activation: ({ node: { name, attributes }, writer, inputs }) =>
    attributes.function === 'elu'
      ? writer.operator('LeakyReLU', { name, inputs, attributes: { act_type: 'elu', slope: 1 } })
      : writer.operator('Activation', { name, inputs, attributes: { act_type: attributes.function } }),
  add: ({ node, writer, inputs }) => writer.operator('elemwise_add', { name: node.name, inputs }),
  'batch-normalization': writeBatchNormalization,
  clip: ({ node: { name, attributes }, writer, inputs }) => {
    const bounds = { a_min: attributes.minimum, a_max: attributes.maximum };
    return writer.operator('clip', { name, inputs, attributes: bounds });
  },
  concat: ({ node, writer, inputs }) =>
    writer.operator('Concat', { name: node.name, inputs, attributes: { dim: 1, num_args: inputs.length } }),
  convolution: writeConvolution,
  deconvolution: ({ node, writer, inputs, parameter }) => {
    const { filters, kernel, stride, pad, groups, bias, extra } = node.attributes;
    const attributes = { kernel, num_filter: filters, stride, pad, adj: extra, num_group: groups, no_bias: !bias };
    const parameters = [parameter('weight'), ...(bias ? [parameter('bias')] : [])];
    return writer.operator('Deconvolution', { name: node.name, inputs: [...inputs, ...parameters], attributes });
  },
  dropout: ({ node, writer, inputs }) =>
    writer.operator('Dropout', { name: node.name, inputs, attributes: { p: node.attributes.rate }, outputs: 2 }),
  'equalize-norms': writeEqualizeNorms,
  erf: ({ node, writer, inputs }) => writer.operator('erf', { name: node.name, inputs }),
  flatten: ({ node, writer, inputs }) => writer.operator('Flatten', { name: node.name, inputs }),
  'fully-connected': ({ node, writer, inputs, parameter }) => {
    const { units, bias } = node.attributes;
    const parameters = [parameter('weight'), ...(bias ? [parameter('bias')] : [])];
    const attributes = { num_hidden: units, no_bias: !bias };
    return writer.operator('FullyConnected', { name: node.name, inputs: [...inputs, ...parameters], attributes });
  },
  identity: ({ node, writer, inputs }) => writer.operator('_copy', { name: node.name, inputs }),
  'minus-scalar': ({ node, writer, inputs }) =>
    writer.operator('_minus_scalar', { name: node.name, inputs, attributes: { scalar: node.attributes.scalar } }),
  multiply: writeProduct,
  'multiply-scalar': ({ node, writer, inputs }) =>
    writer.operator('_mul_scalar', { name: node.name, inputs, attributes: { scalar: node.attributes.scalar } }),
  pooling: ({ node, writer, inputs }) => {
    const { global, kernel, stride, pad, convention } = node.attributes;
    return writer.operator('Pooling', {
      name: node.name,
      inputs,
      attributes: {
        kernel,
        pool_type: node.attributes.function === 'max' ? 'max' : 'avg',
        ...(node.attributes.function === 'average-inside' ? { count_include_pad: false } : {}),
        ...(global ? { global_pool: true } : { stride, pad, pooling_convention: convention }),
      },
    });
  },
  prelu: ({ node, writer, inputs, parameter }) =>
    writer.operator('LeakyReLU', {
      name: node.name,
      inputs: [...inputs, parameter('gamma')],
      attributes: { act_type: 'prelu' },
    }),
  slice: ({ node, writer, inputs }) => {
    const { begin, end } = node.attributes;
    return writer.operator('slice_axis', { name: node.name, inputs, attributes: { axis: 1, begin, end } });
  },
  softmax: ({ node, writer, inputs }) =>
    writer.operator('softmax', { name: node.name, inputs, attributes: { axis: 1 } }),
  // At each position of a map, and of a row over all of it.
  'unit-length': ({ node, writer, inputs, shapes: [shape = []] }) =>
    writer.operator('L2Normalization', {
      name: node.name,
      inputs,
      attributes: { mode: shape.length === 1 ? 'instance' : 'channel', eps: smallestNorm ** 2 },
    }),
};

function writeConvolution({ node, writer, inputs, parameter }: WriterCall<'convolution'>): MxnetEntry {
  const { filters, kernel, stride, pad, groups, bias } = node.attributes;
  const attributes = { kernel, num_filter: filters, stride, pad, num_group: groups, no_bias: !bias };
  const parameters = [parameter('weight'), ...(bias ? [parameter('bias')] : [])];
  return writer.operator('Convolution', { name: node.name, inputs: [...inputs, ...parameters], attributes });
}

function writeBatchNormalization({ node, writer, inputs, parameter }: WriterCall<'batch-normalization'>): MxnetEntry {
  const { epsilon, momentum, fixGamma } = node.attributes;
  // The operator changes its running statistics, and nnvm counts a version for that.
  const statistics = ['moving_mean', 'moving_var'].map((suffix) => ({ ...parameter(suffix), version: 1 }));
  const parameters = [parameter('gamma'), parameter('beta')];
  const attributes = { eps: epsilon, momentum, fix_gamma: fixGamma };
  return writer.operator('BatchNorm', {
    name: node.name,
    inputs: [...inputs, ...parameters, ...statistics],
    attributes,
    outputs: 3,
  });
}

/** A row of factors becomes an image of one cell, so that MXNet repeats it over the positions. */
function writeProduct({ node, writer, inputs, shapes }: WriterCall<'multiply'>): MxnetEntry {
  const [left, right] = inputs;
  const [sizeOfLeft = [], sizeOfRight = []] = shapes;
  if (left === undefined || right === undefined) throw new Error(`layer "${node.name}" lacks inputs`);
  if (sizeOfLeft.join() === sizeOfRight.join())
    return writer.operator('elemwise_mul', { name: node.name, inputs: [left, right] });
  const factors =
    sizeOfRight.length === 1 && sizeOfLeft.length > 1
      ? writer.operator('Reshape', {
          name: `${node.name}_factors`,
          inputs: [right],
          attributes: { shape: [0, 0, 1, 1] },
        })
      : right;
  return writer.operator('broadcast_mul', { name: node.name, inputs: [left, factors] });
}

/** The chain that `normChainEndingAt` recognises. */
function writeEqualizeNorms({ node: { name }, writer, inputs }: WriterCall<'equalize-norms'>): MxnetEntry {
  const squares = writer.operator('square', { name: `${name}_squares`, inputs });
  const sum = writer.operator('sum', {
    name: `${name}_sum`,
    inputs: [squares],
    attributes: { axis: [1], keepdims: true },
  });
  const shifted = writer.operator('_plus_scalar', {
    name: `${name}_shifted`,
    inputs: [sum],
    attributes: { scalar: normEpsilon },
  });
  const norm = writer.operator('sqrt', { name: `${name}_norm`, inputs: [shifted] });
  const mean = writer.operator('mean', {
    name: `${name}_mean`,
    inputs: [norm],
    attributes: { axis: [1, 2, 3], keepdims: true },
  });
  const factors = writer.operator('broadcast_div', { name: `${name}_factors`, inputs: [mean, norm] });
  return writer.operator('broadcast_mul', { name, inputs: [...inputs, factors] });
}
