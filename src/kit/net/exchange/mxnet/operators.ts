import { elementCount } from '../../graph/feature-shape.ts';
import { activationFunctions } from '../../graph/layers/activation.ts';
import type { ConvolutionAttributes } from '../../graph/layers/convolution.ts';
import { addDifference, addElu, addExtreme, addSum } from '../composed-layers.ts';
import { spreadSide } from '../spread-kernel.ts';
import type { OperatorNode } from './operator-node.ts';

/** Adds the layers that an operator is to the graph; returns the layer of each of the operator's outputs. */
type OperatorReader = (node: OperatorNode) => readonly string[];

/**
 * The operators of the 2018 networks (and of MTCNN), each under all names it has had. Defaults are those of MXNet:
 * specification of the training side, section 1.
 */
export const operators: Readonly<Record<string, OperatorReader>> = {
  ...named(['Convolution', 'Convolution_v1'], readConvolution),
  ...named(['Deconvolution'], readDeconvolution),
  ...named(['FullyConnected'], readFullyConnected),
  ...named(['BatchNorm', 'BatchNorm_v1', 'CuDNNBatchNorm'], readBatchNormalization),
  ...named(['LeakyReLU'], readLeaky),
  ...named(['Activation'], (node) => {
    const name = node.attributes.choice('act_type', activationFunctions, 'nothing');
    return [node.layer({ kind: 'activation', inputs: [node.value(0)], attributes: { function: name } })];
  }),
  ...named(['relu'], (node) => [
    node.layer({ kind: 'activation', inputs: [node.value(0)], attributes: { function: 'relu' } }),
  ]),
  ...named(['sigmoid'], (node) => [
    node.layer({ kind: 'activation', inputs: [node.value(0)], attributes: { function: 'sigmoid' } }),
  ]),
  ...named(['tanh'], (node) => [
    node.layer({ kind: 'activation', inputs: [node.value(0)], attributes: { function: 'tanh' } }),
  ]),
  ...named(['Pooling', 'Pooling_v1'], readPooling),
  ...named(['Flatten', 'flatten'], (node) => [
    node.layer({ kind: 'flatten', inputs: [node.value(0)], attributes: {} }),
  ]),
  ...named(['Reshape', 'reshape'], readReshape),
  ...named(['Dropout'], (node) => {
    const rate = node.attributes.number('p', 0.5);
    node.attributes.only('mode', 'training');
    return [node.layer({ kind: 'dropout', inputs: [node.value(0)], attributes: { rate } })];
  }),
  ...named(['_copy', 'identity', 'BlockGrad', 'stop_gradient'], (node) => [
    node.layer({ kind: 'identity', inputs: [node.value(0)], attributes: {} }),
  ]),
  ...named(['elemwise_add', '_plus', '_Plus', '_add', 'broadcast_add', 'broadcast_plus'], (node) => [
    node.layer({ kind: 'add', inputs: [node.value(0), node.value(1)], attributes: {} }),
  ]),
  ...named(['add_n', 'ElementWiseSum', '_ElementWiseSum'], (node) => [addSum(node.adding, node.values())]),
  ...named(['elemwise_sub', '_minus', '_Minus', '_sub', 'broadcast_sub', 'broadcast_minus'], (node) => [
    addDifference(node.adding, node.value(0), node.value(1)),
  ]),
  ...named(['_maximum', '_Maximum', 'broadcast_maximum'], readExtreme('max')),
  ...named(['_minimum', '_Minimum', 'broadcast_minimum'], readExtreme('min')),
  ...named(['negative'], (node) => [
    node.layer({ kind: 'multiply-scalar', inputs: [node.value(0)], attributes: { scalar: -1 } }),
  ]),
  ...named(['Pad', 'pad'], readPad),
  ...named(['UpSampling'], readUpSampling),
  ...named(['elemwise_mul', '_mul', '_Mul', 'broadcast_mul'], readProduct),
  ...named(['_minus_scalar', '_MinusScalar'], (node) => [readScalar(node, 'minus-scalar', (scalar) => scalar)]),
  ...named(['_plus_scalar', '_PlusScalar'], (node) => [readScalar(node, 'minus-scalar', (scalar) => -scalar)]),
  ...named(['_mul_scalar', '_MulScalar'], (node) => [readScalar(node, 'multiply-scalar', (scalar) => scalar)]),
  ...named(['_div_scalar', '_DivScalar'], (node) => [readScalar(node, 'multiply-scalar', (scalar) => 1 / scalar)]),
  ...named(['clip'], (node) => {
    const attributes = { minimum: node.attributes.number('a_min'), maximum: node.attributes.number('a_max') };
    return [node.layer({ kind: 'clip', inputs: [node.value(0)], attributes })];
  }),
  ...named(['erf'], (node) => [node.layer({ kind: 'erf', inputs: [node.value(0)], attributes: {} })]),
  ...named(['L2Normalization'], readUnitLength),
  ...named(['Cast', 'cast', 'amp_cast'], (node) => {
    node.attributes.choice('dtype', floatTypes, 'nothing');
    return [node.layer({ kind: 'identity', inputs: [node.value(0)], attributes: {} })];
  }),
  ...named(['Concat', 'concat'], (node) => {
    node.attributes.only('dim', '1');
    return [node.layer({ kind: 'concat', inputs: node.values(), attributes: {} })];
  }),
  ...named(['slice_axis'], readSlice),
  ...named(['SliceChannel', 'split'], readSplit),
  ...named(['softmax', 'SoftmaxActivation', 'SoftmaxOutput', 'Softmax'], readSoftmax),
};

/** Attributes that change nothing in inference, or that readers ask for only where they matter. */
export const harmlessAttributes: Readonly<Record<string, readonly string[]>> = {
  ...all(['BatchNorm', 'BatchNorm_v1', 'CuDNNBatchNorm'], ['use_global_stats', 'output_mean_var']),
  ...all(['LeakyReLU'], ['slope', 'lower_bound', 'upper_bound']),
  ...all(['UpSampling'], ['num_filter', 'multi_input_mode']),
  ...all(['Pooling', 'Pooling_v1'], ['count_include_pad']),
  ...all(['Dropout'], ['axes']),
  // What they say of labels and gradients; over which axis a row is taken makes no difference to it.
  ...all(
    ['SoftmaxOutput', 'Softmax'],
    [
      'grad_scale',
      'ignore_label',
      'use_ignore',
      'preserve_shape',
      'normalization',
      'out_grad',
      'smooth_alpha',
      'multi_output',
    ],
  ),
  ...all(['SoftmaxActivation'], ['mode']),
  ...all(
    [
      '_minus_scalar',
      '_MinusScalar',
      '_plus_scalar',
      '_PlusScalar',
      '_mul_scalar',
      '_MulScalar',
      '_div_scalar',
      '_DivScalar',
    ],
    ['is_int'],
  ),
};

function all(names: readonly string[], attributes: readonly string[]): Record<string, readonly string[]> {
  return Object.fromEntries(names.map((name) => [name, attributes]));
}

function named(names: readonly string[], reader: OperatorReader): Record<string, OperatorReader> {
  return Object.fromEntries(names.map((name) => [name, reader]));
}

function readConvolution(node: OperatorNode): string[] {
  const attributes = windowsOf(node, !node.attributes.flag('no_bias', false));
  return [node.layer({ kind: 'convolution', inputs: [node.value(0)], attributes }, weightAndBias(attributes))];
}

function readDeconvolution(node: OperatorNode): string[] {
  const wanted = node.attributes.list('target_shape') ?? [];
  if (wanted.some((side) => side !== 0))
    node.attributes.refuse('target_shape', 'adj in its place', `(${wanted.join(', ')})`);
  // Unlike a convolution it has no bias unless it says so.
  const windows = windowsOf(node, !node.attributes.flag('no_bias', true));
  const attributes = { ...windows, extra: node.attributes.pair('adj', [0, 0]) };
  return [node.layer({ kind: 'deconvolution', inputs: [node.value(0)], attributes }, weightAndBias(attributes))];
}

function windowsOf(node: OperatorNode, bias: boolean): ConvolutionAttributes {
  const { attributes } = node;
  const kernel = attributes.pair('kernel');
  const dilate = attributes.pair('dilate', [1, 1]);
  if (dilate.some((step) => step !== 1)) node.spreadWeight(dilate);
  attributes.only('layout', 'NCHW');
  return {
    filters: attributes.integer('num_filter'),
    kernel: [spreadSide(kernel[0], dilate[0]), spreadSide(kernel[1], dilate[1])],
    stride: attributes.pair('stride', [1, 1]),
    pad: attributes.pair('pad', [0, 0]),
    groups: attributes.integer('num_group', 1),
    bias,
  };
}

function weightAndBias({ bias }: { readonly bias: boolean }): readonly string[] {
  return bias ? ['weight', 'bias'] : ['weight'];
}

function readFullyConnected(node: OperatorNode): string[] {
  const { attributes } = node;
  const bias = !attributes.flag('no_bias', false);
  const input = node.value(0);
  // Without flattening only the last axis is multiplied, which is the same for a row.
  if (!attributes.flag('flatten', true) && node.shapeOf(input).length > 1)
    attributes.refuse('flatten', 'True', 'False');
  const layer = { units: attributes.integer('num_hidden'), bias };
  return [node.layer({ kind: 'fully-connected', inputs: [input], attributes: layer }, weightAndBias(layer))];
}

function readBatchNormalization(node: OperatorNode): string[] {
  const { attributes } = node;
  attributes.only('axis', '1');
  const layer = {
    epsilon: attributes.number('eps', 1e-3),
    momentum: attributes.number('momentum', 0.9),
    fixGamma: attributes.flag('fix_gamma', true),
  };
  const parameters = ['gamma', 'beta', 'moving_mean', 'moving_var'];
  return [node.layer({ kind: 'batch-normalization', inputs: [node.value(0)], attributes: layer }, parameters)];
}

/** All layers compute in float32. */
const floatTypes = ['float16', 'float32', 'float64'] as const;

/** Norms of less than the square root of eps are taken as that: it must be too little to change others. */
const largestEpsilon = 1e-6;

function readUnitLength(node: OperatorNode): string[] {
  const input = node.value(0);
  const mode = node.attributes.choice('mode', ['instance', 'channel', 'spatial'], 'instance');
  const isRow = node
    .shapeOf(input)
    .slice(1)
    .every((side) => side === 1);
  if (mode === 'spatial' || (mode === 'instance' && !isRow)) {
    node.attributes.refuse('mode', 'channel, or instance of a row', mode);
  }
  const epsilon = node.attributes.number('eps', 1e-10);
  if (epsilon > largestEpsilon) node.attributes.refuse('eps', `up to ${largestEpsilon}`, String(epsilon));
  return [node.layer({ kind: 'unit-length', inputs: [input], attributes: {} })];
}

/** One slope for each channel, or one that the node states; elu. */
function readLeaky(node: OperatorNode): string[] {
  const type = node.attributes.choice('act_type', ['prelu', 'leaky', 'elu'], 'leaky');
  const input = node.value(0);
  if (type === 'leaky') return [node.leaky(input, node.attributes.number('slope', 0.25))];
  if (type === 'elu') return [addElu(node.adding, input, node.attributes.number('slope', 0.25))];
  const [channels = 1] = node.shapeOf(input);
  return [node.layer({ kind: 'prelu', inputs: [input], attributes: {} }, ['gamma'], channels)];
}

function readPooling(node: OperatorNode): string[] {
  const { attributes } = node;
  const global = attributes.flag('global_pool', false);
  const type = attributes.choice('pool_type', ['max', 'avg'], 'max');
  const pad = attributes.pair('pad', [0, 0]);
  attributes.only('layout', 'NCHW');
  const isInside = type === 'avg' && pad.some((cells) => cells > 0) && !attributes.flag('count_include_pad', true);
  const average = isInside ? 'average-inside' : 'average';
  return [
    node.layer({
      kind: 'pooling',
      inputs: [node.value(0)],
      attributes: {
        function: type === 'avg' ? average : 'max',
        global,
        kernel: attributes.pair('kernel', global ? [1, 1] : undefined),
        stride: attributes.pair('stride', [1, 1]),
        pad,
        convention: attributes.choice('pooling_convention', ['valid', 'full'], 'valid'),
      },
    }),
  ];
}

/** Only what changes nothing here: rows to images of one cell, and images to rows. */
function readReshape(node: OperatorNode): string[] {
  const { attributes } = node;
  const shape = attributes.list('shape') ?? [];
  if (attributes.flag('reverse', false)) attributes.refuse('reverse', 'False', 'True');
  if (attributes.flag('keep_highest', false)) attributes.refuse('keep_highest', 'False', 'True');
  if (shape.length > 0 && attributes.list('target_shape')?.some((size) => size !== 0) === true) {
    attributes.refuse('target_shape', '(0, 0) beside shape', String(attributes.list('target_shape')));
  }
  const input = node.value(0);
  const from = node.shapeOf(input);
  // 0: as many as there are images. Another number would make rows of parts of images, or of several.
  if (shape.length > 0 && shape[0] !== 0) attributes.refuse('shape', 'that begins with 0', `(${shape.join(', ')})`);
  const isCell = from.length === 1 && shape.length === 4 && shape[2] === 1 && shape[3] === 1;
  if (isCell && [0, -1, from[0]].includes(shape[1])) return [input];
  if (shape.length === 2 && shape[1] === -1) return [node.layer({ kind: 'flatten', inputs: [input], attributes: {} })];
  return attributes.refuse('shape', '(0, -1), or (0, 0, 1, 1) of a row', `(${shape.join(', ')})`);
}

/** Of values of one shape; another is not spread. */
function readExtreme(kind: 'max' | 'min'): OperatorReader {
  return (node) => {
    const inputs = node.values();
    const [shape = [], ...others] = inputs.map((input) => node.shapeOf(input));
    if (others.some((other) => other.join() !== shape.join())) {
      node.attributes.refuse(
        'inputs',
        `of one shape, [${shape.join(', ')}]`,
        others.map((other) => `[${other.join(', ')}]`).join(', '),
      );
    }
    return [addExtreme(node.adding, kind, inputs)];
  };
}

/** Zeros around: a window of one cell for each channel, larger where the sides differ, at each place of the padded image. */
function readPad(node: OperatorNode): string[] {
  const { attributes } = node;
  attributes.only('mode', 'constant', 'nothing');
  const value = attributes.number('constant_value', 0);
  if (value !== 0) attributes.refuse('constant_value', '0', String(value));
  const input = node.value(0);
  const [channels = 0, ...size] = node.shapeOf(input);
  const [, , , , top = 0, bottom = 0, left = 0, right = 0] = attributes.list('pad_width') ?? [];
  const outside =
    attributes
      .list('pad_width')
      ?.slice(0, 4)
      .some((cells) => cells !== 0) === true;
  if (outside || size.length !== 2)
    attributes.refuse('pad_width', 'of height and width', String(attributes.list('pad_width')));
  const pad = [Math.max(top, bottom), Math.max(left, right)] as const;
  const kernel = [2 * pad[0] - top - bottom + 1, 2 * pad[1] - left - right + 1] as const;
  const cells = kernel[0] * kernel[1];
  const values = new Float32Array(channels * cells);
  const place = (pad[0] - top) * kernel[1] + pad[1] - left;
  for (let channel = 0; channel < channels; channel += 1) values[channel * cells + place] = 1;
  const windows = { filters: channels, kernel, stride: [1, 1] as const, pad, groups: channels, bias: false };
  return [
    node.weighted(
      { kind: 'convolution', inputs: [input], attributes: windows },
      { shape: [channels, 1, ...kernel], values },
    ),
  ];
}

/** Each cell repeated: a transposed convolution of ones for each channel. */
function readUpSampling(node: OperatorNode): string[] {
  const { attributes } = node;
  attributes.only('sample_type', 'nearest', 'nothing');
  attributes.only('num_args', '1');
  const scale = attributes.integer('scale');
  const input = node.value(0);
  const [channels = 0] = node.shapeOf(input);
  const [kernel, stride] = [[scale, scale] as const, [scale, scale] as const];
  const windows = { filters: channels, kernel, stride, pad: [0, 0] as const, groups: channels, bias: false };
  return [
    node.weighted(
      { kind: 'deconvolution', inputs: [input], attributes: { ...windows, extra: [0, 0] } },
      { shape: [channels, 1, ...kernel], values: new Float32Array(channels * scale * scale).fill(1) },
    ),
  ];
}

/** One factor per channel may be on either side. */
function readProduct(node: OperatorNode): string[] {
  const [left, right] = [node.value(0), node.value(1)];
  const [sizeOfLeft, sizeOfRight] = [node.shapeOf(left), node.shapeOf(right)];
  const swaps = elementCount(sizeOfLeft.slice(1)) < elementCount(sizeOfRight.slice(1));
  return [node.layer({ kind: 'multiply', inputs: swaps ? [right, left] : [left, right], attributes: {} })];
}

function readScalar(
  node: OperatorNode,
  kind: 'minus-scalar' | 'multiply-scalar',
  convert: (scalar: number) => number,
): string {
  return node.layer({
    kind,
    inputs: [node.value(0)],
    attributes: { scalar: convert(node.attributes.number('scalar')) },
  });
}

function readSlice(node: OperatorNode): string[] {
  const { attributes } = node;
  attributes.only('axis', '1', 'nothing');
  const input = node.value(0);
  const [channels = 0] = node.shapeOf(input);
  const fromStart = (position: number): number => (position < 0 ? channels + position : position);
  const begin = fromStart(attributes.integer('begin'));
  const end = fromStart(attributes.integer('end', channels));
  return [node.layer({ kind: 'slice', inputs: [input], attributes: { begin, end } })];
}

function readSplit(node: OperatorNode): string[] {
  const { attributes } = node;
  attributes.only('axis', '1');
  if (attributes.flag('squeeze_axis', false)) attributes.refuse('squeeze_axis', 'False', 'True');
  const input = node.value(0);
  const [channels = 0] = node.shapeOf(input);
  const count = attributes.integer('num_outputs');
  if (channels % count !== 0) attributes.refuse('num_outputs', `a divisor of its ${channels} channels`, String(count));
  const size = channels / count;
  return Array.from({ length: count }, (_, index) =>
    node.part(String(index), {
      kind: 'slice',
      inputs: [input],
      attributes: { begin: index * size, end: (index + 1) * size },
    }),
  );
}

/** All of them over the channels of a row; over those of a map if they are told to. Labels are not looked at. */
function readSoftmax(node: OperatorNode): string[] {
  const { attributes } = node;
  const input = node.value(0);
  if (node.op === 'softmax') {
    const temperature = attributes.number('temperature', 1);
    if (temperature !== 1) attributes.refuse('temperature', '1', String(temperature));
    if (attributes.flag('use_length', false)) attributes.refuse('use_length', 'False', 'True');
    const axis = attributes.integer('axis', -1);
    if (axis !== 1 && axis !== -1) attributes.refuse('axis', '1 or -1', String(axis));
  }
  if (node.shapeOf(input).length > 1) {
    if (node.op === 'SoftmaxActivation') attributes.only('mode', 'channel', 'instance');
    else if (node.op === 'softmax') attributes.only('axis', '1', '-1');
    else if (!attributes.flag('multi_output', false)) attributes.refuse('multi_output', 'True', 'False');
  }
  return [node.layer({ kind: 'softmax', inputs: [input], attributes: {} })];
}
