import type { MxnetEntry } from '../../../codec/mxnet/mxnet-symbol.ts';
import type { LayerNodeOf } from '../../graph/graph.ts';
import { normEpsilon } from '../../graph/layers/equalize-norms.ts';
import type { LayerKind } from '../../graph/layers/index.ts';
import type { FeatureShape } from '../../graph/layers/layer-definition.ts';
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

/** Writes the operators that the layer is in MXNet; gives its value. The last of them has the layer's name. */
type LayerWriter<Kind extends LayerKind> = (call: WriterCall<Kind>) => MxnetEntry;

export const layerWriters: { readonly [Kind in LayerKind]: LayerWriter<Kind> } = {
  activation: ({ node, writer, inputs }) =>
    writer.operator('Activation', node.name, inputs, { act_type: node.attributes.function }),
  add: ({ node, writer, inputs }) => writer.operator('elemwise_add', node.name, inputs),
  'batch-normalization': writeBatchNormalization,
  concat: ({ node, writer, inputs }) =>
    writer.operator('Concat', node.name, inputs, { dim: 1, num_args: inputs.length }),
  convolution: writeConvolution,
  dropout: ({ node, writer, inputs }) => writer.operator('Dropout', node.name, inputs, { p: node.attributes.rate }, 2),
  'equalize-norms': writeEqualizeNorms,
  flatten: ({ node, writer, inputs }) => writer.operator('Flatten', node.name, inputs),
  'fully-connected': ({ node, writer, inputs, parameter }) => {
    const { units, bias } = node.attributes;
    const parameters = [parameter('weight'), ...(bias ? [parameter('bias')] : [])];
    const attributes = { num_hidden: units, no_bias: !bias };
    return writer.operator('FullyConnected', node.name, [...inputs, ...parameters], attributes);
  },
  identity: ({ node, writer, inputs }) => writer.operator('_copy', node.name, inputs),
  'minus-scalar': ({ node, writer, inputs }) =>
    writer.operator('_minus_scalar', node.name, inputs, { scalar: node.attributes.scalar }),
  multiply: writeProduct,
  'multiply-scalar': ({ node, writer, inputs }) =>
    writer.operator('_mul_scalar', node.name, inputs, { scalar: node.attributes.scalar }),
  pooling: ({ node, writer, inputs }) => {
    const { global, kernel, stride, pad, convention } = node.attributes;
    return writer.operator('Pooling', node.name, inputs, {
      kernel,
      pool_type: node.attributes.function === 'average' ? 'avg' : 'max',
      ...(global ? { global_pool: true } : { stride, pad, pooling_convention: convention }),
    });
  },
  prelu: ({ node, writer, inputs, parameter }) =>
    writer.operator('LeakyReLU', node.name, [...inputs, parameter('gamma')], { act_type: 'prelu' }),
  slice: ({ node, writer, inputs }) => {
    const { begin, end } = node.attributes;
    return writer.operator('slice_axis', node.name, inputs, { axis: 1, begin, end });
  },
  softmax: ({ node, writer, inputs }) => writer.operator('softmax', node.name, inputs, { axis: 1 }),
};

function writeConvolution({ node, writer, inputs, parameter }: WriterCall<'convolution'>): MxnetEntry {
  const { filters, kernel, stride, pad, groups, bias } = node.attributes;
  const attributes = { kernel, num_filter: filters, stride, pad, num_group: groups, no_bias: !bias };
  const parameters = [parameter('weight'), ...(bias ? [parameter('bias')] : [])];
  return writer.operator('Convolution', node.name, [...inputs, ...parameters], attributes);
}

function writeBatchNormalization({ node, writer, inputs, parameter }: WriterCall<'batch-normalization'>): MxnetEntry {
  const { epsilon, momentum, fixGamma } = node.attributes;
  // The operator changes its running statistics, and nnvm counts a version for that.
  const statistics = ['moving_mean', 'moving_var'].map((suffix) => ({ ...parameter(suffix), version: 1 }));
  const parameters = [parameter('gamma'), parameter('beta')];
  const attributes = { eps: epsilon, momentum, fix_gamma: fixGamma };
  return writer.operator('BatchNorm', node.name, [...inputs, ...parameters, ...statistics], attributes, 3);
}

/** A row of factors becomes an image of one cell, so that MXNet repeats it over the positions. */
function writeProduct({ node, writer, inputs, shapes }: WriterCall<'multiply'>): MxnetEntry {
  const [left, right] = inputs;
  const [sizeOfLeft = [], sizeOfRight = []] = shapes;
  if (left === undefined || right === undefined) throw new Error(`layer "${node.name}" lacks inputs`);
  if (sizeOfLeft.join() === sizeOfRight.join()) return writer.operator('elemwise_mul', node.name, [left, right]);
  const factors =
    sizeOfRight.length === 1 && sizeOfLeft.length > 1
      ? writer.operator('Reshape', `${node.name}_factors`, [right], { shape: [0, 0, 1, 1] })
      : right;
  return writer.operator('broadcast_mul', node.name, [left, factors]);
}

/** The chain that `normChainEndingAt` knows again. */
function writeEqualizeNorms({ node: { name }, writer, inputs }: WriterCall<'equalize-norms'>): MxnetEntry {
  const squares = writer.operator('square', `${name}_squares`, inputs);
  const sum = writer.operator('sum', `${name}_sum`, [squares], { axis: [1], keepdims: true });
  const shifted = writer.operator('_plus_scalar', `${name}_shifted`, [sum], { scalar: normEpsilon });
  const norm = writer.operator('sqrt', `${name}_norm`, [shifted]);
  const mean = writer.operator('mean', `${name}_mean`, [norm], { axis: [1, 2, 3], keepdims: true });
  const factors = writer.operator('broadcast_div', `${name}_factors`, [mean, norm]);
  return writer.operator('broadcast_mul', name, [...inputs, factors]);
}
