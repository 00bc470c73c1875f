import type { LayerNodeOf } from '../../graph/graph.ts';
import { elementCount, type FeatureShape } from '../../graph/feature-shape.ts';
import type { ActivationAttributes } from '../../graph/layers/activation.ts';
import { normEpsilon } from '../../graph/layers/equalize-norms.ts';
import type { LayerKind } from '../../graph/layers/index.ts';
import { smallestNorm } from '../../graph/layers/unit-length.ts';
import {
  cutWindowFactors,
  insideFactors,
  overhang,
  type Pair,
  type Window,
  windowPositions,
} from '../../graph/layers/window.ts';
import type { WriterOf } from '../not-in.ts';
import { channelsOf, concatenated, type NodeOf, reshaped, withBias, type WriterCall } from './common-nodes.ts';
import { writeConvolution, writeDeconvolution } from './convolution-writers.ts';
import type { GraphDefWriter } from './graph-def-writer.ts';

/** Writes the nodes that the layer is; the last of them has the layer's name. */
type LayerWriter<Kind extends LayerKind> = WriterOf<WriterCall<Kind>, string>;

/** Each layer in operations that TensorFlow.js executes (tfjs-converter, src/operations/op_list); images are NHWC. */
export const layerWriters: { readonly [Kind in LayerKind]: LayerWriter<Kind> } = {
  activation: writeActivation,
  add: (call) => same('AddV2', call),
  'batch-normalization': writeBatchNormalization,
  clip(call) {
    const { minimum, maximum } = call.node.attributes;
    const bounds = [
      call.writer.float(`${call.name}/minimum`, minimum),
      call.writer.float(`${call.name}/maximum`, maximum),
    ];
    return same('ClipByValue', { ...call, inputs: [...call.inputs, ...bounds] });
  },
  concat: ({ name, writer, inputs, outputShape }) =>
    concatenated(writer, { name, inputs, axes: outputShape.length + 1 }),
  convolution: writeConvolution,
  deconvolution: writeDeconvolution,
  dropout: (call) => same('Identity', call),
  'equalize-norms': writeEqualizeNorms,
  erf: (call) => same('Erf', call),
  flatten: ({ name, writer, inputs: [input = ''], shapes: [shape = []] }) => rows(writer, { name, input, shape }),
  'fully-connected': writeFullyConnected,
  identity: (call) => same('Identity', call),
  'minus-scalar': (call) => withScalar('Sub', call, call.node.attributes.scalar),
  multiply: writeProduct,
  'multiply-scalar': (call) => withScalar('Mul', call, call.node.attributes.scalar),
  pooling: writePooling,
  prelu(call) {
    const { name, shape, values } = call.parameter('gamma');
    return same('Prelu', { ...call, inputs: [...call.inputs, call.writer.floats(name, shape, () => values)] });
  },
  slice({ node, name, writer, inputs: [input = ''], outputShape }) {
    const { begin, end } = node.attributes;
    return channelsOf(writer, { name, input, axes: outputShape.length + 1, begin, count: end - begin });
  },
  softmax: (call) => same('Softmax', call),
  'unit-length'({ name, writer, inputs: [x = ''] }) {
    const length = norm(writer, { name, input: x });
    const smallest = writer.float(`${name}/smallest`, smallestNorm);
    const divisor = writer.node('Maximum', { name: writer.free(`${name}/divisor`), inputs: [length, smallest] });
    return writer.node('RealDiv', { name, inputs: [x, divisor] });
  },
};

/** An operation that takes what the layer takes, and nothing else. */
function same(op: string, { name, writer, inputs }: Pick<WriterCall<LayerKind>, 'name' | 'writer' | 'inputs'>): string {
  return writer.node(op, { name, inputs });
}

function withScalar(op: string, call: Pick<WriterCall<LayerKind>, 'name' | 'writer' | 'inputs'>, scalar: number) {
  return same(op, { ...call, inputs: [...call.inputs, call.writer.float(`${call.name}/scalar`, scalar)] });
}

const activations = {
  relu: 'Relu',
  sigmoid: 'Sigmoid',
  tanh: 'Tanh',
  softrelu: 'Softplus',
  elu: 'Elu',
} as const satisfies Partial<Record<ActivationAttributes['function'], string>>;

function writeActivation(call: WriterCall<'activation'>): string {
  const { name, writer, inputs } = call;
  const { function: named } = call.node.attributes;
  if (named !== 'softsign') return same(activations[named], call);
  // TensorFlow.js has no operation for it: x / (1 + |x|).
  const size = writer.node('Abs', { name: writer.free(`${name}/size`), inputs });
  const one = writer.float(`${name}/one`, 1);
  const divisor = writer.node('AddV2', { name: writer.free(`${name}/divisor`), inputs: [size, one] });
  return writer.node('RealDiv', { name, inputs: [...inputs, divisor] });
}

/** TensorFlow normalises images only: rows become images of one pixel, and rows again. */
function writeBatchNormalization(call: WriterCall<'batch-normalization'>): string {
  const { node, name, writer, inputs, shapes, parameter } = call;
  const statistics = ['gamma', 'beta', 'moving_mean', 'moving_var'].map((suffix) => {
    const { name, shape, values } = parameter(suffix);
    const isFixed = suffix === 'gamma' && node.attributes.fixGamma;
    return writer.floats(name, shape, () => (isFixed ? new Float32Array(values.length).fill(1) : values));
  });
  const { epsilon } = node.attributes;
  const [channels = 0, ...size] = shapes[0] ?? [];
  const isRow = size.length === 0;
  const [input = ''] = inputs;
  const pixels = isRow
    ? reshaped(writer, { name: writer.free(`${name}/pixels`), input, shape: [-1, 1, 1, channels] })
    : input;
  const normalized = writer.node('FusedBatchNormV3', {
    name: isRow ? writer.free(`${name}/normalized`) : name,
    inputs: [pixels, ...statistics],
    attributes: { U: { type: 'float' }, epsilon: { float: epsilon }, is_training: false, data_format: 'NHWC' },
  });
  return isRow ? reshaped(writer, { name, input: normalized, shape: [-1, channels] }) : normalized;
}

/** Rows in the order channels, height, width, which is ours. */
function rows(writer: GraphDefWriter, { name, input, shape }: NodeOf & { readonly shape: FeatureShape }): string {
  const [, height = 1, width = 1] = shape;
  const ordered =
    height * width === 1
      ? input
      : writer.node('Transpose', {
          name: writer.free(`${name}/planes`),
          inputs: [input, writer.integers([0, 3, 1, 2])],
          attributes: { Tperm: { type: 'int32' } },
        });
  return reshaped(writer, { name, input: ordered, shape: [-1, elementCount(shape)] });
}

function writeFullyConnected({ node, name, writer, inputs, shapes, parameter }: WriterCall<'fully-connected'>): string {
  const { bias } = node.attributes;
  const [[input = ''], [shape = []]] = [inputs, shapes];
  const row = shape.length === 1 ? input : rows(writer, { name: writer.free(`${name}/rows`), input, shape });
  const weight = parameter('weight');
  const product = writer.node('MatMul', {
    name: bias ? writer.free(`${name}/product`) : name,
    inputs: [row, writer.floats(weight.name, weight.shape, () => weight.values)],
    attributes: { transpose_a: false, transpose_b: true },
  });
  return bias ? withBias(writer, { name, input: product, bias: parameter('bias') }) : product;
}

function writeProduct({ name, writer, inputs, shapes }: WriterCall<'multiply'>): string {
  const [left = '', right = ''] = inputs;
  const [sizeOfLeft = [], sizeOfRight = []] = shapes;
  const [channels = 0] = sizeOfRight;
  const factors =
    sizeOfLeft.length === sizeOfRight.length
      ? right
      : reshaped(writer, { name: writer.free(`${name}/factors`), input: right, shape: [-1, 1, 1, channels] });
  return writer.node('Mul', { name, inputs: [left, factors] });
}

/** The root of the sum of squares over the channels, and of `epsilon` if there is one. */
function norm(writer: GraphDefWriter, { name, input, epsilon }: NodeOf & { readonly epsilon?: number }): string {
  const squares = writer.node('Square', { name: writer.free(`${name}/squares`), inputs: [input] });
  const sum = reduced('Sum', writer, { name: writer.free(`${name}/sum`), input: squares, axes: [-1] });
  const added = (addend: number): string => {
    const inputs = [sum, writer.float(`${name}/epsilon`, addend)];
    return writer.node('AddV2', { name: writer.free(`${name}/shifted`), inputs });
  };
  const root = epsilon === undefined ? sum : added(epsilon);
  return writer.node('Sqrt', { name: writer.free(`${name}/norm`), inputs: [root] });
}

/** Over axes that remain, of one cell. */
function reduced(
  op: 'Sum' | 'Mean' | 'Max',
  writer: GraphDefWriter,
  { name, input, axes }: NodeOf & { readonly axes: readonly number[] },
): string {
  const attributes = { keep_dims: true, Tidx: { type: 'int32' } } as const;
  return writer.node(op, { name, inputs: [input, writer.integers(axes)], attributes });
}

/** x * (mean(norm) / norm), the mean over the positions. */
function writeEqualizeNorms({ name, writer, inputs: [x = ''] }: WriterCall<'equalize-norms'>): string {
  const length = norm(writer, { name, input: x, epsilon: normEpsilon });
  const mean = reduced('Mean', writer, { name: writer.free(`${name}/mean`), input: length, axes: [1, 2] });
  const factors = writer.node('RealDiv', { name: writer.free(`${name}/factors`), inputs: [mean, length] });
  return writer.node('Mul', { name, inputs: [x, factors] });
}

/** Less than every value, so that padding is never the maximum. */
const lowest = -3.4028234663852886e38;

/** Poolings of TensorFlow.js take no padding of a stated size: the image is padded before. */
function writePooling({ node, name, writer, inputs: [input = ''], shapes }: WriterCall<'pooling'>): string {
  const { attributes } = node;
  const isMax = attributes.function === 'max';
  if (attributes.global) return reduced(isMax ? 'Max' : 'Mean', writer, { name, input, axes: [1, 2] });
  const [, height = 0, width = 0] = shapes[0] ?? [];
  const size: Pair = [height, width];
  const positions = windowPositions(size, attributes, attributes.convention);
  const beyond = overhang(size, attributes, positions);
  const image = padded(writer, { name, input, beyond, window: attributes, value: isMax ? lowest : 0 });
  const factors = isMax ? undefined : factorsOf(attributes, { size, positions, beyond });
  const pooled = writer.node(isMax ? 'MaxPool' : 'AvgPool', {
    name: factors === undefined ? name : writer.free(`${name}/whole`),
    inputs: [image],
    attributes: {
      ksize: [1, ...attributes.kernel, 1],
      strides: [1, ...attributes.stride, 1],
      padding: 'VALID',
      data_format: 'NHWC',
    },
  });
  if (factors === undefined) return pooled;
  const constant = writer.floats(`${name}/factors`, [1, ...positions, 1], () => factors);
  return writer.node('Mul', { name, inputs: [pooled, constant] });
}

interface Positions {
  readonly size: Pair;
  readonly positions: Pair;
  readonly beyond: Pair;
}

/** What makes means of those over whole windows, if any window has other cells than all of its own in its mean. */
function factorsOf(
  attributes: LayerNodeOf<'pooling'>['attributes'],
  { size, positions, beyond }: Positions,
): Float32Array | undefined {
  const isSome = (pair: Pair): boolean => pair.some((cells) => cells > 0);
  if (attributes.function === 'average-inside') {
    return isSome(beyond) || isSome(attributes.pad) ? insideFactors(size, attributes, positions) : undefined;
  }
  return isSome(beyond) ? cutWindowFactors(size, attributes, positions) : undefined;
}

interface Padding extends NodeOf {
  readonly beyond: Pair;
  readonly window: Window;
  readonly value: number;
}

function padded(writer: GraphDefWriter, { name, input, beyond, window: { pad }, value }: Padding): string {
  const sides = [0, 1].map((axis) => [pad[axis] ?? 0, (pad[axis] ?? 0) + (beyond[axis] ?? 0)]);
  if (sides.flat().every((cells) => cells === 0)) return input;
  const inputs = [input, writer.pairs([[0, 0], ...sides, [0, 0]]), writer.float(`${name}/around`, value)];
  const attributes = { Tpaddings: { type: 'int32' } } as const;
  return writer.node('PadV2', { name: writer.free(`${name}/padded`), inputs, attributes });
}
