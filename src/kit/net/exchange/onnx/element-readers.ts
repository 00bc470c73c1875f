import { addDifference } from '../composed-layers.ts';
import { type Arithmetic, arithmetic, perChannelLayer, scalarLayer } from '../constant-layers.ts';
import { elementCount, type FeatureShape } from '../../graph/feature-shape.ts';
import { type Constant, floatsOf } from './constant.ts';
import { dividedByNorm, passesNorm } from './norm-readers.ts';
import type { OnnxNodeReader, OnnxValue } from './onnx-node.ts';

/** Two computed values, or one and a constant: a scalar, or one number per channel. */
export function readArithmetic(node: OnnxNodeReader): OnnxValue {
  const ofNorm = node.op === 'Add' ? passesNorm(node) : dividedByNorm(node);
  if (ofNorm !== undefined) return ofNorm;
  const [left, right] = [node.value(0), node.value(1)];
  if (left?.is === 'layer' && right?.is === 'layer') return ofTwoLayers(node, left.layer, right.layer);
  if (left?.is === 'whole-means' && right?.is === 'constant' && node.op === 'Mul') {
    const factors = floatsOf(right.constant);
    const isSame = left.factors.every((factor, index) => Math.abs(factor - (factors[index] ?? NaN)) < 1e-6);
    if (isSame && factors.length === left.factors.length) return { is: 'layer', layer: left.layer };
  }
  const commutes = node.op === 'Add' || node.op === 'Mul';
  if (left?.is === 'layer' && right?.is === 'constant') return withConstant(node, left.layer, right.constant);
  if (left?.is === 'constant' && right?.is === 'layer' && commutes)
    return withConstant(node, right.layer, left.constant);
  return node.refuse('a computed value, and another one or a constant after it');
}

function ofTwoLayers(node: OnnxNodeReader, left: string, right: string): OnnxValue {
  if (node.op === 'Add') return node.layer({ kind: 'add', inputs: [left, right], attributes: {} });
  if (node.op === 'Sub') return { is: 'layer', layer: addDifference(node.adding, left, right) };
  if (node.op !== 'Mul') return node.refuse('a constant as input 1');
  const swaps = elementCount(node.shapeOf(left).slice(1)) < elementCount(node.shapeOf(right).slice(1));
  return node.layer({ kind: 'multiply', inputs: swaps ? [right, left] : [left, right], attributes: {} });
}

function withConstant(node: OnnxNodeReader, input: string, given: Constant): OnnxValue {
  if (node.isChannelsLast(input)) {
    return node.keepsChannelsLast(withChannelConstant(node, input, channelsFirst(node, given)));
  }
  return withChannelConstant(node, input, given);
}

/** Constants of images in NHWC: [3] and [1, 1, 1, 3] are one number for each channel. */
function channelsFirst(node: OnnxNodeReader, { dims, values, name }: Constant): Constant {
  if (values.length === 1) return { name, dims: [], values };
  const [channels = 0, ...others] = dims.toReversed();
  if (others.some((side) => side !== 1)) node.refuse('a scalar or one number for each channel as constant');
  return { name, dims: [channels, 1, 1], values };
}

function withChannelConstant(node: OnnxNodeReader, input: string, constant: Constant): OnnxValue {
  const values = floatsOf(constant);
  const [first = 0] = values;
  const shape = node.shapeOf(input);
  // Equal numbers count as one, if they do not make the value larger than it was.
  const isWithin = constant.dims.every((side, axis) => {
    const place = axis - constant.dims.length + shape.length;
    return side === 1 ? place >= -1 : side === shape[place];
  });
  if (isWithin && values.length > 0 && values.every((value) => value === first)) return withScalar(node, input, first);
  const [channels = 0, ...size] = shape;
  if (!isPerChannel(constant, channels, size)) node.refuse('a scalar or one number for each channel as constant');
  const { layer, parameters } = perChannelLayer(operationOf(node), input, values);
  const named = Object.entries(parameters).map(([suffix, array]) => {
    return [suffix, { name: '', dims: [channels], values: array }] as const;
  });
  return node.layer(layer, Object.fromEntries(named));
}

function withScalar(node: OnnxNodeReader, input: string, scalar: number): OnnxValue {
  return node.layer(scalarLayer(operationOf(node), input, scalar));
}

function operationOf(node: OnnxNodeReader): Arithmetic {
  const found = arithmetic.find((operation) => operation === node.op);
  return found ?? node.refuse(`one of ${arithmetic.join(', ')}`);
}

/** [C] of rows, [C, 1, 1] and [1, C, 1, 1] of maps. */
function isPerChannel({ dims, values }: Constant, channels: number, size: FeatureShape): boolean {
  if (values.length !== channels) return false;
  const rank = size.length + 1;
  const axis = dims.length - rank;
  return (axis === 0 || axis === 1) && dims[axis] === channels;
}

function filled(length: number, value: number): Float32Array {
  return new Float32Array(length).fill(value);
}

/** One slope per channel; a single one, and that of LeakyRelu, counts for all. */
export function readSlopes(node: OnnxNodeReader): OnnxValue {
  const input = node.layerInput(0);
  const [channels = 0] = node.shapeOf(input);
  if (node.op === 'LeakyRelu') {
    const gamma = { name: '', dims: [channels], values: filled(channels, node.float('alpha', 0.01)) };
    return node.layer({ kind: 'prelu', inputs: [input], attributes: {} }, { gamma });
  }
  const slope = node.constant(1);
  const values = floatsOf(slope);
  checkSlopeShape(node, slope, input);
  const slopes = values.length === channels ? values : filled(channels, values[0] ?? 0);
  return node.layer(
    { kind: 'prelu', inputs: [input], attributes: {} },
    { gamma: { name: slope.name, dims: [channels], values: slopes } },
  );
}

/**
 * A slope is spread as all operands are, from the last axis: [C, 1, 1] of maps, [C] of rows. [C] of maps is along the
 * width by that rule; MXNet's exporter writes it and means the channels, as version 6 of the operator did.
 */
function checkSlopeShape(node: OnnxNodeReader, slope: Constant, input: string): void {
  const [channels = 0, ...size] = node.shapeOf(input);
  if (slope.values.length === 1 || isPerChannel(slope, channels, size)) return;
  const isBare = slope.dims.length === 1 && slope.values.length === channels;
  if (!isBare || (node.opset >= 7 && size[1] === channels)) {
    node.refuse(`one slope for each of its ${channels} channels, found shape [${slope.dims.join(', ')}]`);
  }
  if (node.opset < 7) return;
  node.note(
    `its slopes of shape [${channels}] were taken as those of the channels; by the letter they are along the width.`,
  );
}

export function readBatchNormalization(node: OnnxNodeReader): OnnxValue {
  const input = node.layerInput(0);
  if (node.integer('training_mode', 0) !== 0) node.refuse('training_mode 0');
  // Before it had training_mode, it computed the statistics of the batch where they were asked for.
  if (node.outputCount > 1) node.refuse('one output: with the statistics as outputs it computes as in training');
  const [gamma, beta, mean, variance] = [1, 2, 3, 4].map((index) => {
    const constant = node.constant(index);
    return { name: constant.name, dims: [constant.values.length], values: floatsOf(constant) };
  });
  if (gamma === undefined || beta === undefined || mean === undefined || variance === undefined) {
    return node.refuse('four parameters');
  }
  const attributes = {
    // Stored as float32, meant as the decimal number: 1e-5 comes back as 1e-5.
    epsilon: decimal(node.float('epsilon', 1e-5)),
    momentum: decimal(node.float('momentum', 0.9)),
    fixGamma: false,
  };
  const parameters = { gamma, beta, moving_mean: mean, moving_var: variance };
  return node.layer({ kind: 'batch-normalization', inputs: [input], attributes }, parameters);
}

/** The shortest decimal number that is this float32. */
export function decimal(value: number): number {
  return Number(Math.fround(value).toPrecision(7));
}

/** Weights are stored as (units, inputs) with transB, and as (inputs, units) without, as always in MatMul. */
export function readDense(node: OnnxNodeReader): OnnxValue {
  const input = node.layerInput(0);
  if (node.shapeOf(input).length !== 1) node.refuse('rows as input 0');
  const isGemm = node.op === 'Gemm';
  const [alpha, beta] = isGemm ? [node.float('alpha', 1), node.float('beta', 1)] : [1, 1];
  if (node.integer('transA', 0) !== 0) node.refuse('transA 0');
  const constant = node.constant(1);
  if (constant.dims.length !== 2) node.refuse('a weight of two dimensions');
  const isTransposed = isGemm && node.integer('transB', 0) === 1;
  const weight = times(alpha, isTransposed ? { ...constant, values: floatsOf(constant) } : transposed(constant));
  const [units = 0] = weight.dims;
  const bias = isGemm ? node.optionalConstant(2) : undefined;
  if (bias === undefined)
    return node.layer({ kind: 'fully-connected', inputs: [input], attributes: { units, bias: false } }, { weight });
  const { values } = times(beta, { values: floatsOf(bias) });
  const spread = values.length === 1 ? filled(units, values[0] ?? 0) : values;
  return node.layer(
    { kind: 'fully-connected', inputs: [input], attributes: { units, bias: true } },
    { weight, bias: { name: bias.name, dims: [spread.length], values: spread } },
  );
}

/** Gemm computes alpha A B + beta C: both factors are part of the parameters here. */
function times<Values extends { readonly values: Float32Array }>(factor: number, array: Values): Values {
  return factor === 1 ? array : { ...array, values: array.values.map((value) => factor * value) };
}

function transposed(constant: Constant): { name: string; dims: number[]; values: Float32Array } {
  const [rows = 0, columns = 0] = constant.dims;
  const source = floatsOf(constant);
  const values = new Float32Array(source.length);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      values[column * rows + row] = source[row * columns + column] ?? 0;
    }
  }
  return { name: constant.name, dims: [columns, rows], values };
}
