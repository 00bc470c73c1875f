import type { LayerNodeOf } from '../../graph/graph.ts';
import type { ActivationAttributes } from '../../graph/layers/activation.ts';
import { normEpsilon } from '../../graph/layers/equalize-norms.ts';
import { smallestNorm } from '../../graph/layers/unit-length.ts';
import type { LayerKind } from '../../graph/layers/index.ts';
import type { FeatureShape } from '../../graph/feature-shape.ts';
import { cutWindowFactors, overhang, type Pair, windowPositions } from '../../graph/layers/window.ts';
import type { NamedArray } from '../../model/model.ts';
import type { WriterOf } from '../not-in.ts';
import type { GraphWriter } from './graph-writer.ts';

/** A layer to be written. */
interface WriterCall<Kind extends LayerKind> {
  readonly node: LayerNodeOf<Kind>;
  readonly writer: GraphWriter;
  readonly shapes: readonly FeatureShape[];
  readonly outputShape: FeatureShape;
  /** Height and width are left open: `shapes` hold those of one size. */
  readonly anySize: boolean;
  /** By suffix. */
  readonly parameter: (suffix: string) => NamedArray;
}

/** Writes the nodes that the layer is; the last of them has its name, since others take their input from there. */
type LayerWriter<Kind extends LayerKind> = WriterOf<WriterCall<Kind>, string>;

const activations = {
  relu: 'Relu',
  sigmoid: 'Sigmoid',
  tanh: 'Tanh',
  softrelu: 'Softplus',
  softsign: 'Softsign',
  elu: 'Elu',
} as const satisfies Record<ActivationAttributes['function'], string>;

/** Each layer in operators of opset 17 (onnx/docs/Operators.md). */
export const layerWriters: { readonly [Kind in LayerKind]: LayerWriter<Kind> } = {
  activation({ node, writer }) {
    return writer.node(activations[node.attributes.function], { output: node.name, inputs: node.inputs });
  },
  add({ node, writer }) {
    return writer.node('Add', { output: node.name, inputs: node.inputs });
  },
  'batch-normalization': writeBatchNormalization,
  clip({ node: { name, inputs, attributes }, writer }) {
    const bounds = [
      writer.float(`${name}_minimum`, attributes.minimum),
      writer.float(`${name}_maximum`, attributes.maximum),
    ];
    return writer.node('Clip', { output: name, inputs: [...inputs, ...bounds] });
  },
  concat({ node, writer }) {
    return writer.node('Concat', { output: node.name, inputs: node.inputs, attributes: { axis: 1 } });
  },
  convolution: writeConvolution,
  deconvolution: writeDeconvolution,
  dropout({ node, writer }) {
    const ratio = writer.float(`${node.name}_ratio`, node.attributes.rate);
    return writer.node('Dropout', { output: node.name, inputs: [...node.inputs, ratio] });
  },
  'equalize-norms': writeEqualizeNorms,
  erf({ node, writer }) {
    return writer.node('Erf', { output: node.name, inputs: node.inputs });
  },
  flatten({ node, writer }) {
    return writer.node('Flatten', { output: node.name, inputs: node.inputs, attributes: { axis: 1 } });
  },
  'fully-connected': writeFullyConnected,
  identity({ node, writer }) {
    return writer.node('Identity', { output: node.name, inputs: node.inputs });
  },
  'minus-scalar': ({ node, writer }) =>
    writer.node('Sub', {
      output: node.name,
      inputs: [...node.inputs, writer.float(`${node.name}_scalar`, node.attributes.scalar)],
    }),
  multiply: writeProduct,
  'multiply-scalar': ({ node, writer }) =>
    writer.node('Mul', {
      output: node.name,
      inputs: [...node.inputs, writer.float(`${node.name}_scalar`, node.attributes.scalar)],
    }),
  pooling: writePooling,
  prelu({ node, writer, outputShape, parameter }) {
    const { name, values } = parameter('gamma');
    // The slope of a channel is the same at each of its positions.
    const slope = writer.floats(name, [values.length, ...outputShape.slice(1).map(() => 1)], values);
    return writer.node('PRelu', { output: node.name, inputs: [...node.inputs, slope] });
  },
  slice({ node, writer }) {
    const { begin, end } = node.attributes;
    const starts = writer.integers(`${node.name}_begin`, [begin]);
    const ends = writer.integers(`${node.name}_end`, [end]);
    return writer.node('Slice', {
      output: node.name,
      inputs: [...node.inputs, starts, ends, writer.integers(`${node.name}_axis`, [1])],
    });
  },
  softmax({ node, writer }) {
    return writer.node('Softmax', { output: node.name, inputs: node.inputs, attributes: { axis: 1 } });
  },
  // As PyTorch exports F.normalize: x / max(norm, smallest).
  'unit-length'({ node: { name, inputs }, writer }) {
    const norm = writer.node('ReduceL2', { output: `${name}_norm`, inputs, attributes: { axes: [1], keepdims: 1 } });
    const smallest = writer.float(`${name}_smallest`, smallestNorm);
    const divisor = writer.node('Max', { output: `${name}_divisor`, inputs: [norm, smallest] });
    return writer.node('Div', { output: name, inputs: [...inputs, divisor] });
  },
};

function writeBatchNormalization({ node, writer, parameter }: WriterCall<'batch-normalization'>): string {
  const inputs = ['gamma', 'beta', 'moving_mean', 'moving_var'].map((suffix) => {
    const { name, shape, values } = parameter(suffix);
    const isFixed = suffix === 'gamma' && node.attributes.fixGamma;
    return writer.floats(name, shape, isFixed ? new Float32Array(values.length).fill(1) : values);
  });
  const { epsilon, momentum } = node.attributes;
  const attributes = { epsilon: { float: epsilon }, momentum: { float: momentum } };
  return writer.node('BatchNormalization', { output: node.name, inputs: [...node.inputs, ...inputs], attributes });
}

function writeConvolution({ node, writer, parameter }: WriterCall<'convolution'>): string {
  const { kernel, stride, pad, groups, bias } = node.attributes;
  const inputs = (bias ? ['weight', 'bias'] : ['weight']).map((suffix) => {
    const { name, shape, values } = parameter(suffix);
    return writer.floats(name, shape, values);
  });
  const attributes = { kernel_shape: kernel, strides: stride, pads: [...pad, ...pad], group: groups };
  return writer.node('Conv', { output: node.name, inputs: [...node.inputs, ...inputs], attributes });
}

function writeDeconvolution({ node, writer, parameter }: WriterCall<'deconvolution'>): string {
  const { kernel, stride, pad, groups, bias, extra } = node.attributes;
  const inputs = (bias ? ['weight', 'bias'] : ['weight']).map((suffix) => {
    const { name, shape, values } = parameter(suffix);
    return writer.floats(name, shape, values);
  });
  const attributes = {
    ...{ kernel_shape: kernel, strides: stride, pads: [...pad, ...pad], group: groups },
    ...(extra.some((cells) => cells > 0) ? { output_padding: extra } : {}),
  };
  return writer.node('ConvTranspose', { output: node.name, inputs: [...node.inputs, ...inputs], attributes });
}

function writeFullyConnected({ node, writer, shapes, parameter }: WriterCall<'fully-connected'>): string {
  const { bias } = node.attributes;
  const isRow = shapes[0]?.length === 1;
  const rows = isRow
    ? node.inputs
    : [writer.node('Flatten', { output: `${node.name}_rows`, inputs: node.inputs, attributes: { axis: 1 } })];
  const inputs = (bias ? ['weight', 'bias'] : ['weight']).map((suffix) => {
    const { name, shape, values } = parameter(suffix);
    return writer.floats(name, shape, values);
  });
  return writer.node('Gemm', { output: node.name, inputs: [...rows, ...inputs], attributes: { transB: 1 } });
}

function writeProduct({ node, writer, shapes }: WriterCall<'multiply'>): string {
  const [left = '', right = ''] = node.inputs;
  const [sizeOfLeft = [], sizeOfRight = []] = shapes;
  if (sizeOfLeft.length === sizeOfRight.length) {
    return writer.node('Mul', { output: node.name, inputs: [left, right] });
  }
  const axes = writer.integers(`${node.name}_axes`, [2, 3]);
  return writer.node('Mul', {
    output: node.name,
    inputs: [left, writer.node('Unsqueeze', { output: `${node.name}_factors`, inputs: [right, axes] })],
  });
}

/** x * mean(norm) / norm, norm = sqrt(sum of x * x over the channels + epsilon). */
function writeEqualizeNorms({ node, writer }: WriterCall<'equalize-norms'>): string {
  const { name, inputs } = node;
  const [x = ''] = inputs;
  const squares = writer.node('Mul', { output: `${name}_squares`, inputs: [x, x] });
  const axis = writer.integers(`${name}_channels`, [1]);
  const sum = writer.node('ReduceSum', { output: `${name}_sum`, inputs: [squares, axis], attributes: { keepdims: 1 } });
  const shifted = writer.node('Add', {
    output: `${name}_shifted`,
    inputs: [sum, writer.float(`${name}_epsilon`, normEpsilon)],
  });
  const norm = writer.node('Sqrt', { output: `${name}_norm`, inputs: [shifted] });
  const mean = writer.node('ReduceMean', {
    output: `${name}_mean`,
    inputs: [norm],
    attributes: { axes: [1, 2, 3], keepdims: 1 },
  });
  return writer.node('Mul', {
    output: name,
    inputs: [x, writer.node('Div', { output: `${name}_factors`, inputs: [mean, norm] })],
  });
}

function writePooling({ node, writer, shapes, anySize }: WriterCall<'pooling'>): string {
  const { name, inputs, attributes } = node;
  const isMax = attributes.function === 'max';
  if (attributes.global) {
    return writer.node(isMax ? 'GlobalMaxPool' : 'GlobalAveragePool', { output: name, inputs });
  }
  const [, height = 0, width = 0] = shapes[0] ?? [];
  const { kernel, stride, pad, convention } = attributes;
  if (anySize) {
    const far = [0, 1].map((axis) => (convention === 'full' ? farPad(pad, stride, axis) : (pad[axis] ?? 0)));
    const window = { kernel_shape: kernel, strides: stride, pads: [...pad, ...far] };
    if (isMax) return writer.node('MaxPool', { output: name, inputs, attributes: window });
    const counts = attributes.function === 'average' ? 1 : 0;
    return writer.node('AveragePool', { output: name, inputs, attributes: { ...window, count_include_pad: counts } });
  }
  const positions = windowPositions([height, width], attributes, convention);
  const beyond = overhang([height, width], attributes, positions);
  const isCut = beyond.some((cells) => cells > 0);
  // Windows that are cut at the border are whole ones over more padding: no operator has to round up, which they do in
  // different ways. The layer's shape rule excludes windows in the padding alone.
  const pads = [...pad, pad[0] + beyond[0], pad[1] + beyond[1]];
  const window = { kernel_shape: kernel, strides: stride, pads };
  if (isMax) return writer.node('MaxPool', { output: name, inputs, attributes: window });
  // Padding that is not counted is not where the image is either: the mean is that of what is left of a window.
  if (attributes.function === 'average-inside') {
    return writer.node('AveragePool', { output: name, inputs, attributes: { ...window, count_include_pad: 0 } });
  }
  const averaging = { ...window, count_include_pad: 1 };
  if (!isCut) return writer.node('AveragePool', { output: name, inputs, attributes: averaging });
  const whole = writer.node('AveragePool', { output: `${name}_whole`, inputs, attributes: averaging, name });
  const factors = cutWindowFactors([height, width], attributes, positions);
  const constant = writer.floats(`${name}_factors`, [1, 1, ...positions], factors);
  return writer.node('Mul', { output: name, inputs: [whole, constant], name: `${name}_means` });
}

/**
 * Padding behind a maximum of the convention `full` for whatever size: floor((x + stride - 1) / stride) rounds up, and
 * padding is never the maximum.
 */
export function farPad(pad: Pair, stride: Pair, axis: number): number {
  return (pad[axis] ?? 0) + (stride[axis] ?? 1) - 1;
}
