import { elementCount } from '../../graph/feature-shape.ts';
import type { AttributesOf } from '../../graph/layers/index.ts';
import type { ConvolutionAttributes } from '../../graph/layers/convolution.ts';
import { addElu, addExtreme } from '../composed-layers.ts';
import { isTooLarge, mostWeights, spreadDims, spreadKernel, spreadSide } from '../spread-kernel.ts';
import type { BlobValues, CaffeLayer } from './caffe-layer.ts';
import { scaleAttributes } from './pair-scales.ts';

/** Adds to the graph what a layer of Caffe means; returns the layer whose value each of its tops is. */
type LayerReader = (layer: CaffeLayer) => readonly string[];

/** The types of Caffe layers that have a meaning here. Defaults are those of caffe.proto. */
export const layerReaders: Readonly<Record<string, LayerReader>> = {
  BatchNorm: readBatchNorm,
  BNLL: (layer) => [layer.add({ kind: 'activation', inputs: [layer.input()], attributes: { function: 'softrelu' } })],
  Clip: (layer) => {
    const { min: minimum = NaN, max: maximum = NaN } = layer.parameter.clip_param ?? {};
    return [layer.add({ kind: 'clip', inputs: [layer.input()], attributes: { minimum, maximum } })];
  },
  Concat: readConcat,
  Convolution: (layer) => readConvolution(layer, 1),
  // Of forks: one group for each channel, whether they say so or not.
  ConvolutionDepthwise: (layer) => readConvolution(layer, layer.channels()),
  Deconvolution: readDeconvolution,
  DepthwiseConvolution: (layer) => readConvolution(layer, layer.channels()),
  Dropout: (layer) => {
    const { dropout_ratio: rate = 0.5 } = layer.parameter.dropout_param ?? {};
    return [layer.add({ kind: 'dropout', inputs: [layer.input()], attributes: { rate } })];
  },
  Eltwise: readEltwise,
  ELU: (layer) => {
    const { alpha = 1 } = layer.parameter.elu_param ?? {};
    return [addElu(layer.adding, layer.input(), shortest(alpha))];
  },
  Flatten: readFlatten,
  InnerProduct: readInnerProduct,
  Normalize: readNormalize,
  Pooling: readPooling,
  Power: readPower,
  PReLU: readPRelu,
  ReLU: readRelu,
  ReLU6: (layer) => [layer.add({ kind: 'clip', inputs: [layer.input()], attributes: { minimum: 0, maximum: 6 } })],
  Reshape: readReshape,
  Scale: readScale,
  Sigmoid: (layer) => [layer.add({ kind: 'activation', inputs: [layer.input()], attributes: { function: 'sigmoid' } })],
  Slice: readSlice,
  Softmax: (layer) => {
    onlyChannels(layer, layer.parameter.softmax_param?.axis);
    return [layer.add({ kind: 'softmax', inputs: [layer.input()], attributes: {} })];
  },
  TanH: (layer) => [layer.add({ kind: 'activation', inputs: [layer.input()], attributes: { function: 'tanh' } })],
};

/** Axis 1 are the channels; of a row, -1 are too. */
function onlyChannels(layer: CaffeLayer, axis = 1): void {
  const rank = 1 + layer.shapeOf(layer.inputs[0] ?? '').length;
  if (axis !== 1 && axis + rank !== 1)
    layer.refuse(`works along axis ${axis}, and only axis 1 (channels) is supported`);
}

/** One number for both sides, two numbers, or one for each side under its own name. */
function pair(
  layer: CaffeLayer,
  what: string,
  { both, sides, otherwise }: { both: readonly number[]; sides: readonly (number | undefined)[]; otherwise?: number },
): readonly [number, number] {
  const [height = both[0] ?? otherwise, width = both[1] ?? both[0] ?? otherwise] = sides;
  if (height !== undefined && width !== undefined && both.length <= 2) return [height, width];
  return layer.refuse(`has ${both.length > 2 ? both.length : 'no'} ${what}, expected one or two`);
}

function listed(value: number | undefined): readonly number[] {
  return value === undefined ? [] : [value];
}

function readConvolution(layer: CaffeLayer, usualGroups: number): string[] {
  const { attributes, arrays } = windowsOf(layer, {
    usualGroups,
    perFirst: (windows, { filters }) => windows / filters,
  });
  return [layer.add({ kind: 'convolution', inputs: [layer.input()], attributes }, { arrays })];
}

function readDeconvolution(layer: CaffeLayer): string[] {
  const perFirst = (_: number, { filters, groups }: ConvolutionAttributes): number => filters / groups;
  const { attributes, arrays } = windowsOf(layer, { usualGroups: 1, perFirst });
  const unenlarged = { ...attributes, extra: [0, 0] as const };
  return [layer.add({ kind: 'deconvolution', inputs: [layer.input()], attributes: unenlarged }, { arrays })];
}

interface WindowsRules {
  readonly usualGroups: number;
  /** Of all windows of the weight, how many there are for each of its first axis: filters, or channels. */
  readonly perFirst: (windows: number, attributes: ConvolutionAttributes) => number;
}

interface Windows {
  readonly attributes: ConvolutionAttributes;
  readonly arrays: Record<string, BlobValues>;
}

/** Of a convolution, or of the gradient of one, which is described alike. */
function windowsOf(layer: CaffeLayer, { usualGroups, perFirst }: WindowsRules): Windows {
  const parameter = layer.parameter.convolution_param ?? {};
  const { num_output: filters, bias_term: bias = true, dilation = [], axis } = parameter;
  onlyChannels(layer, axis);
  const spread = pair(layer, 'dilations', { both: dilation, sides: [], otherwise: 1 });
  const kernel = pair(layer, 'kernel sizes', {
    both: parameter.kernel_size ?? [],
    sides: [parameter.kernel_h, parameter.kernel_w],
  });
  const stride = pair(layer, 'strides', {
    both: parameter.stride ?? [],
    sides: [parameter.stride_h, parameter.stride_w],
    otherwise: 1,
  });
  const pad = pair(layer, 'pads', {
    both: parameter.pad ?? [],
    sides: [parameter.pad_h, parameter.pad_w],
    otherwise: 0,
  });
  const attributes = {
    filters: filters ?? layer.refuse('does not say num_output'),
    kernel: [spreadSide(kernel[0], spread[0]), spreadSide(kernel[1], spread[1])] as const,
    stride,
    pad,
    groups: parameter.group ?? usualGroups,
    bias,
  };
  const arrays = weightAndBias(layer, bias);
  const weight = arrays['weight'];
  if (weight !== undefined && spread.some((step) => step !== 1)) {
    const windows = weight.values.length / (kernel[0] * kernel[1]);
    const second = perFirst(windows, attributes);
    const dense = { dims: [windows / second, second, ...kernel], values: weight.values };
    if (isTooLarge(spreadDims(dense.dims, spread)))
      layer.refuse(`has dilations that make more than ${mostWeights} weights`);
    const { dims, values } = spreadKernel(dense, spread);
    arrays['weight'] = { shape: dims, values };
  }
  return { attributes, arrays };
}

function weightAndBias(layer: CaffeLayer, bias: boolean): Record<string, BlobValues> {
  const weight = layer.blob(0, 'its weight');
  return bias ? { weight, bias: layer.blob(1, 'its bias') } : { weight };
}

function readInnerProduct(layer: CaffeLayer): string[] {
  const {
    num_output: units,
    bias_term: bias = true,
    axis,
    transpose = false,
  } = layer.parameter.inner_product_param ?? {};
  onlyChannels(layer, axis);
  const arrays = weightAndBias(layer, bias);
  const count = units ?? layer.refuse('does not say num_output');
  const weight = arrays['weight'];
  if (transpose && weight !== undefined) arrays['weight'] = transposed(weight, count);
  return [
    layer.add({ kind: 'fully-connected', inputs: [layer.input()], attributes: { units: count, bias } }, { arrays }),
  ];
}

/** (in, out) to (out, in). */
function transposed({ values }: BlobValues, columns: number): BlobValues {
  const rows = values.length / columns;
  const turned = values.map((_, index) => values[(index % rows) * columns + Math.floor(index / rows)] ?? NaN);
  return { shape: [columns, rows], values: turned };
}

/**
 * y = (x - mean / s) / sqrt(variance / s + eps), s the third blob, and a factor of 0 where that is 0 (Caffe, batch_norm_layer.cpp).
 * Gamma and beta come from a Scale layer behind it, if there is one.
 */
function readBatchNorm(layer: CaffeLayer): string[] {
  const { eps: epsilon = 1e-5, moving_average_fraction: momentum = 0.999 } = layer.parameter.batch_norm_param ?? {};
  const mean = layer.blob(0, 'its mean');
  const [sum = 0] = layer.blob(2, 'its scale factor').values;
  const factor = sum === 0 ? 0 : 1 / sum;
  const divided = ({ shape, values }: BlobValues): BlobValues =>
    factor === 1 ? { shape, values } : { shape, values: values.map((value) => value * factor) };
  const arrays = {
    gamma: constant(mean.values.length, 1),
    beta: constant(mean.values.length, 0),
    moving_mean: divided(mean),
    moving_var: divided(layer.blob(1, 'its variance')),
  };
  // float32 in the file: 2e-5 and 0.9 are meant, not their nearest neighbours.
  const attributes = { epsilon: shortest(epsilon), momentum: shortest(momentum), fixGamma: true };
  return [layer.add({ kind: 'batch-normalization', inputs: [layer.input()], attributes }, { arrays })];
}

/** The decimal number of up to seven digits that was rounded to this float32. */
function shortest(value: number): number {
  const short = Number(value.toPrecision(7));
  return Math.fround(short) === Math.fround(value) ? short : value;
}

function constant(length: number, value: number): BlobValues {
  return { shape: [length], values: new Float32Array(length).fill(value) };
}

/** gamma x + beta per channel; with two inputs the product, gamma being the second. */
function readScale(layer: CaffeLayer): string[] {
  const { axis = 1, num_axes: axes = 1, bias_term: bias = false } = layer.parameter.scale_param ?? {};
  if (layer.inputs.length === 2) {
    if (axis !== 0 || bias) layer.refuse('with two inputs must have axis 0 and no bias_term');
    return [layer.add({ kind: 'multiply', inputs: layer.inputs, attributes: {} })];
  }
  onlyChannels(layer, axis);
  if (axes !== 1) layer.refuse(`scales over ${axes} axes, and only one (channels) is supported`);
  const gamma = layer.blob(0, 'its factors');
  const beta = bias ? layer.blob(1, 'its bias') : constant(gamma.values.length, 0);
  const arrays = {
    gamma,
    beta,
    moving_mean: constant(gamma.values.length, 0),
    moving_var: constant(gamma.values.length, 1),
  };
  return [layer.add({ kind: 'batch-normalization', inputs: [layer.input()], attributes: scaleAttributes }, { arrays })];
}

/** x / norm * scale, of the Caffe of SSD; the norm is that of the channels, as with `across_spatial` that of a row. */
function readNormalize(layer: CaffeLayer): string[] {
  const { across_spatial: across = true } = layer.parameter.norm_param ?? {};
  const isRow = layer
    .shapeOf(layer.input())
    .slice(1)
    .every((side) => side === 1);
  if (across && !isRow) layer.refuse('divides by one norm of all positions (across_spatial), which is not supported');
  const { values } = layer.blob(0, 'its scale');
  if (values.every((value) => value === 1)) {
    return [layer.add({ kind: 'unit-length', inputs: [layer.input()], attributes: {} })];
  }
  const unit = layer.add(
    { kind: 'unit-length', inputs: [layer.input()], attributes: {} },
    { name: `${layer.name}_unit` },
  );
  const channels = layer.channels();
  const gamma = values.length === 1 ? constant(channels, values[0] ?? NaN) : { shape: [values.length], values };
  const arrays = {
    gamma,
    beta: constant(channels, 0),
    moving_mean: constant(channels, 0),
    moving_var: constant(channels, 1),
  };
  return [layer.add({ kind: 'batch-normalization', inputs: [unit], attributes: scaleAttributes }, { arrays })];
}

function readPRelu(layer: CaffeLayer): string[] {
  const { channel_shared: shared = false } = layer.parameter.prelu_param ?? {};
  const slopes = layer.blob(0, 'its slopes');
  const gamma = shared ? constant(layer.channels(), slopes.values[0] ?? NaN) : slopes;
  return [layer.add({ kind: 'prelu', inputs: [layer.input()], attributes: {} }, { arrays: { gamma } })];
}

/** A slope other than 0 below zero is a PReLU that has it for all channels. */
function readRelu(layer: CaffeLayer): string[] {
  const { negative_slope: slope = 0 } = layer.parameter.relu_param ?? {};
  if (slope === 0)
    return [layer.add({ kind: 'activation', inputs: [layer.input()], attributes: { function: 'relu' } })];
  return [
    layer.add(
      { kind: 'prelu', inputs: [layer.input()], attributes: {} },
      { arrays: { gamma: constant(layer.channels(), slope) } },
    ),
  ];
}

function readPooling(layer: CaffeLayer): string[] {
  const parameter = layer.parameter.pooling_param ?? {};
  const { pool = 'MAX', global_pooling: global = false, round_mode: rounding = 'CEIL' } = parameter;
  if (pool === 'STOCHASTIC') layer.refuse('pools at random (STOCHASTIC), which is not supported');
  const side = (what: string, names: 'kernel' | 'stride' | 'pad', otherwise?: number): readonly [number, number] =>
    pair(layer, what, {
      both: listed(parameter[names === 'kernel' ? 'kernel_size' : names]),
      sides: [parameter[`${names}_h`], parameter[`${names}_w`]],
      ...(otherwise === undefined ? {} : { otherwise }),
    });
  const attributes: AttributesOf<'pooling'> = {
    function: pool === 'MAX' ? 'max' : 'average',
    global,
    kernel: side('kernel size', 'kernel', global ? 1 : undefined),
    stride: side('stride', 'stride', 1),
    pad: side('pad', 'pad', 0),
    convention: global || rounding === 'FLOOR' ? 'valid' : 'full',
  };
  return [layer.add({ kind: 'pooling', inputs: [layer.input()], attributes })];
}

/** (shift + scale x)^power; only power 1. */
function readPower(layer: CaffeLayer): string[] {
  const { power = 1, scale = 1, shift = 0 } = layer.parameter.power_param ?? {};
  if (power !== 1) layer.refuse(`raises to the power of ${power}, and only 1 is supported`);
  if (scale === 1 && shift === 0) return [layer.add({ kind: 'identity', inputs: [layer.input()], attributes: {} })];
  if (shift === 0)
    return [layer.add({ kind: 'multiply-scalar', inputs: [layer.input()], attributes: { scalar: shortest(scale) } })];
  if (scale === 1)
    return [layer.add({ kind: 'minus-scalar', inputs: [layer.input()], attributes: { scalar: shortest(-shift) } })];
  const name = `${layer.name}_scaled`;
  const scaled = layer.add(
    { kind: 'multiply-scalar', inputs: [layer.input()], attributes: { scalar: shortest(scale) } },
    { name },
  );
  return [layer.add({ kind: 'minus-scalar', inputs: [scaled], attributes: { scalar: shortest(-shift) } })];
}

function readEltwise(layer: CaffeLayer): string[] {
  const { operation = 'SUM', coeff = [] } = layer.parameter.eltwise_param ?? {};
  if (layer.inputs.length < 2) layer.refuse(`takes ${layer.inputs.length} inputs, not 2 or more`);
  if (coeff.length > 0 && (operation !== 'SUM' || coeff.length !== layer.inputs.length)) {
    layer.refuse(`has ${coeff.length} coefficients for ${layer.inputs.length} inputs of a ${operation}`);
  }
  if (operation === 'MAX') return [addExtreme(layer.adding, 'max', layer.inputs)];
  const terms = layer.inputs.map((input, index) => weighted(layer, { input, index, factor: coeff[index] ?? 1 }));
  const kind = operation === 'SUM' ? 'add' : 'multiply';
  const last = terms.length - 1;
  return [
    terms.reduce((before, term, index) =>
      layer.add(
        { kind, inputs: [before, term], attributes: {} },
        { name: index === last ? layer.name : `${layer.name}_part${index}` },
      ),
    ),
  ];
}

function weighted(
  layer: CaffeLayer,
  { input, index, factor }: { readonly input: string; readonly index: number; readonly factor: number },
): string {
  const name = `${layer.name}_coeff${index}`;
  return factor === 1
    ? input
    : layer.add({ kind: 'multiply-scalar', inputs: [input], attributes: { scalar: shortest(factor) } }, { name });
}

function readConcat(layer: CaffeLayer): string[] {
  const { axis, concat_dim: old } = layer.parameter.concat_param ?? {};
  onlyChannels(layer, axis ?? old);
  return [layer.add({ kind: 'concat', inputs: layer.inputs, attributes: {} })];
}

/** Cuts at the points, or into as many equal parts as there are tops. */
function readSlice(layer: CaffeLayer): string[] {
  const { axis, slice_dim: old, slice_point: points = [] } = layer.parameter.slice_param ?? {};
  onlyChannels(layer, axis ?? old);
  const tops = layer.parameter.top ?? [];
  const channels = layer.channels();
  const equal = tops.slice(1).map((_, index) => ((index + 1) * channels) / tops.length);
  const cuts = [0, ...(points.length === 0 ? equal : points), channels];
  if (cuts.length !== tops.length + 1) layer.refuse(`has ${points.length} slice points for ${tops.length} tops`);
  return tops.map((name, index) =>
    layer.add(
      { kind: 'slice', inputs: [layer.input()], attributes: { begin: cuts[index] ?? 0, end: cuts[index + 1] ?? 0 } },
      { name },
    ),
  );
}

function readFlatten(layer: CaffeLayer): string[] {
  const { axis = 1, end_axis: end = -1 } = layer.parameter.flatten_param ?? {};
  if (axis !== 1 || (end !== -1 && end !== 3))
    layer.refuse(`flattens axes ${axis} to ${end}, and only 1 to -1 is supported`);
  return [layer.add({ kind: 'flatten', inputs: [layer.input()], attributes: {} })];
}

/** Only into a row: [0, -1] or [0, length]. */
function readReshape(layer: CaffeLayer): string[] {
  const { shape, axis = 0, num_axes: axes = -1 } = layer.parameter.reshape_param ?? {};
  const sizes = shape?.dim ?? [];
  const length = elementCount(layer.shapeOf(layer.input()));
  const isRow = sizes.length === 2 && sizes[0] === 0 && (sizes[1] === -1 || sizes[1] === length);
  if (axis !== 0 || axes !== -1 || !isRow)
    layer.refuse(`reshapes to [${sizes.join(', ')}], and only [0, -1] is supported`);
  return [layer.add({ kind: 'flatten', inputs: [layer.input()], attributes: {} })];
}
