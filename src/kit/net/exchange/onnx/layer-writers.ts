import type { LayerNodeOf } from '../../graph/graph.ts';
import type { ActivationAttributes } from '../../graph/layers/activation.ts';
import { normEpsilon } from '../../graph/layers/equalize-norms.ts';
import type { LayerKind } from '../../graph/layers/index.ts';
import type { FeatureShape } from '../../graph/layers/layer-definition.ts';
import { cutWindowFactors, overhang, type Pair, windowPositions } from '../../graph/layers/window.ts';
import type { NamedArray } from '../../model/named-array.ts';
import type { GraphWriter } from './graph-writer.ts';

/** A layer to be written: its last node has the layer's name, since others take their input from there. */
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

type LayerWriter<Kind extends LayerKind> = (call: WriterCall<Kind>) => void;

const activations = {
  relu: 'Relu',
  sigmoid: 'Sigmoid',
  tanh: 'Tanh',
  softrelu: 'Softplus',
  softsign: 'Softsign',
} as const satisfies Record<ActivationAttributes['function'], string>;

/** Each layer in operators of opset 17 (onnx/docs/Operators.md). */
export const layerWriters: { readonly [Kind in LayerKind]: LayerWriter<Kind> } = {
  activation({ node, writer }) {
    writer.node(activations[node.attributes.function], node.name, node.inputs);
  },
  add({ node, writer }) {
    writer.node('Add', node.name, node.inputs);
  },
  'batch-normalization': writeBatchNormalization,
  concat({ node, writer }) {
    writer.node('Concat', node.name, node.inputs, { axis: 1 });
  },
  convolution: writeConvolution,
  dropout({ node, writer }) {
    const ratio = writer.float(`${node.name}_ratio`, node.attributes.rate);
    writer.node('Dropout', node.name, [...node.inputs, ratio]);
  },
  'equalize-norms': writeEqualizeNorms,
  flatten({ node, writer }) {
    writer.node('Flatten', node.name, node.inputs, { axis: 1 });
  },
  'fully-connected': writeFullyConnected,
  identity({ node, writer }) {
    writer.node('Identity', node.name, node.inputs);
  },
  'minus-scalar': ({ node, writer }) => {
    writer.node('Sub', node.name, [...node.inputs, writer.float(`${node.name}_scalar`, node.attributes.scalar)]);
  },
  multiply: writeProduct,
  'multiply-scalar': ({ node, writer }) => {
    writer.node('Mul', node.name, [...node.inputs, writer.float(`${node.name}_scalar`, node.attributes.scalar)]);
  },
  pooling: writePooling,
  prelu({ node, writer, outputShape, parameter }) {
    const { name, values } = parameter('gamma');
    // The slope of a channel is the same at each of its positions.
    const slope = writer.floats(name, [values.length, ...outputShape.slice(1).map(() => 1)], values);
    writer.node('PRelu', node.name, [...node.inputs, slope]);
  },
  slice({ node, writer }) {
    const { begin, end } = node.attributes;
    const starts = writer.integers(`${node.name}_begin`, [begin]);
    const ends = writer.integers(`${node.name}_end`, [end]);
    writer.node('Slice', node.name, [...node.inputs, starts, ends, writer.integers(`${node.name}_axis`, [1])]);
  },
  softmax({ node, writer }) {
    writer.node('Softmax', node.name, node.inputs, { axis: 1 });
  },
};

function writeBatchNormalization({ node, writer, parameter }: WriterCall<'batch-normalization'>): void {
  const inputs = ['gamma', 'beta', 'moving_mean', 'moving_var'].map((suffix) => {
    const { name, shape, values } = parameter(suffix);
    const isFixed = suffix === 'gamma' && node.attributes.fixGamma;
    return writer.floats(name, shape, isFixed ? new Float32Array(values.length).fill(1) : values);
  });
  const { epsilon, momentum } = node.attributes;
  const attributes = { epsilon: { float: epsilon }, momentum: { float: momentum } };
  writer.node('BatchNormalization', node.name, [...node.inputs, ...inputs], attributes);
}

function writeConvolution({ node, writer, parameter }: WriterCall<'convolution'>): void {
  const { kernel, stride, pad, groups, bias } = node.attributes;
  const inputs = (bias ? ['weight', 'bias'] : ['weight']).map((suffix) => {
    const { name, shape, values } = parameter(suffix);
    return writer.floats(name, shape, values);
  });
  const attributes = { kernel_shape: kernel, strides: stride, pads: [...pad, ...pad], group: groups };
  writer.node('Conv', node.name, [...node.inputs, ...inputs], attributes);
}

function writeFullyConnected({ node, writer, shapes, parameter }: WriterCall<'fully-connected'>): void {
  const { bias } = node.attributes;
  const isRow = shapes[0]?.length === 1;
  const rows = isRow ? node.inputs : [writer.node('Flatten', `${node.name}_rows`, node.inputs, { axis: 1 })];
  const inputs = (bias ? ['weight', 'bias'] : ['weight']).map((suffix) => {
    const { name, shape, values } = parameter(suffix);
    return writer.floats(name, shape, values);
  });
  writer.node('Gemm', node.name, [...rows, ...inputs], { transB: 1 });
}

function writeProduct({ node, writer, shapes }: WriterCall<'multiply'>): void {
  const [left = '', right = ''] = node.inputs;
  const [sizeOfLeft = [], sizeOfRight = []] = shapes;
  if (sizeOfLeft.length === sizeOfRight.length) {
    writer.node('Mul', node.name, [left, right]);
    return;
  }
  const axes = writer.integers(`${node.name}_axes`, [2, 3]);
  writer.node('Mul', node.name, [left, writer.node('Unsqueeze', `${node.name}_factors`, [right, axes])]);
}

/** x * mean(norm) / norm, norm = sqrt(sum of x * x over the channels + epsilon). */
function writeEqualizeNorms({ node, writer }: WriterCall<'equalize-norms'>): void {
  const { name, inputs } = node;
  const [x = ''] = inputs;
  const squares = writer.node('Mul', `${name}_squares`, [x, x]);
  const axis = writer.integers(`${name}_channels`, [1]);
  const sum = writer.node('ReduceSum', `${name}_sum`, [squares, axis], { keepdims: 1 });
  const shifted = writer.node('Add', `${name}_shifted`, [sum, writer.float(`${name}_epsilon`, normEpsilon)]);
  const norm = writer.node('Sqrt', `${name}_norm`, [shifted]);
  const mean = writer.node('ReduceMean', `${name}_mean`, [norm], { axes: [1, 2, 3], keepdims: 1 });
  writer.node('Mul', name, [x, writer.node('Div', `${name}_factors`, [mean, norm])]);
}

function writePooling({ node, writer, shapes, anySize }: WriterCall<'pooling'>): void {
  const { name, inputs, attributes } = node;
  const isMax = attributes.function === 'max';
  if (attributes.global) {
    writer.node(isMax ? 'GlobalMaxPool' : 'GlobalAveragePool', name, inputs);
    return;
  }
  const [, height = 0, width = 0] = shapes[0] ?? [];
  const { kernel, stride, pad, convention } = attributes;
  if (anySize) {
    const far = [0, 1].map((axis) => (convention === 'full' ? farPad(pad, stride, axis) : (pad[axis] ?? 0)));
    const window = { kernel_shape: kernel, strides: stride, pads: [...pad, ...far] };
    if (isMax) writer.node('MaxPool', name, inputs, window);
    else writer.node('AveragePool', name, inputs, { ...window, count_include_pad: 1 });
    return;
  }
  const positions = windowPositions([height, width], attributes, convention);
  const beyond = overhang([height, width], attributes, positions);
  const isCut = beyond.some((cells) => cells > 0);
  // Windows that are cut at the border are whole ones over more padding: no operator has to round up, which they do in
  // different ways. The layer sees to it that no window lies in the padding alone.
  const pads = [...pad, pad[0] + beyond[0], pad[1] + beyond[1]];
  const window = { kernel_shape: kernel, strides: stride, pads };
  if (isMax) writer.node('MaxPool', name, inputs, window);
  else if (!isCut) writer.node('AveragePool', name, inputs, { ...window, count_include_pad: 1 });
  else {
    const attributes = { ...window, count_include_pad: 1 };
    const whole = writer.node('AveragePool', `${name}_whole`, inputs, attributes, name);
    const factors = cutWindowFactors([height, width], node.attributes, positions);
    const constant = writer.floats(`${name}_factors`, [1, 1, ...positions], factors);
    writer.node('Mul', name, [whole, constant], {}, `${name}_means`);
  }
}

/**
 * Padding behind a maximum of the convention `full` for whatever size: floor((x + stride - 1) / stride) rounds up, and
 * padding is never the maximum.
 */
export function farPad(pad: Pair, stride: Pair, axis: number): number {
  return (pad[axis] ?? 0) + (stride[axis] ?? 1) - 1;
}
