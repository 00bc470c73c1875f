import type { ActivationAttributes } from '../../graph/layers/activation.ts';
import { decimal, readArithmetic, readBatchNormalization, readDense, readSlopes } from './element-readers.ts';
import type { OnnxNodeReader, OnnxValue } from './onnx-node.ts';
import {
  readAxes,
  readConcat,
  readConstant,
  readFlatten,
  readGather,
  readReshape,
  readShape,
  readSlice,
  readSplit,
} from './shape-readers.ts';
import { readClip, readElu, readOfMany, readGelu, readHardSigmoid } from './function-readers.ts';
import { passesNorm, readNorm, readRoot, readUnitLength } from './norm-readers.ts';
import {
  readConvolution,
  readDeconvolution,
  readGlobalPooling,
  readMean,
  readPad,
  readPooling,
} from './window-readers.ts';

/**
 * Attributes that change nothing in inference, or that readers ask for only where they matter. Every other one that a
 * reader has not asked for is refused.
 */
export const harmlessAttributes: Readonly<Record<string, readonly string[]>> = {
  // Whether the statistics are one per channel: those that are, are read so whatever it says.
  BatchNormalization: ['spatial', 'is_test', 'consumed_inputs'],
  Concat: ['axis'],
  Dropout: ['ratio', 'seed', 'is_test', 'consumed_inputs'],
  MaxPool: ['storage_order', 'ceil_mode', 'count_include_pad'],
  AveragePool: ['ceil_mode', 'count_include_pad'],
  Gemm: ['broadcast'],
  Cast: ['saturate'],
  ReduceMean: ['noop_with_empty_axes'],
  ...Object.fromEntries(
    ['Add', 'Sub', 'Mul', 'Div', 'Sum', 'Max', 'Min', 'Neg'].map(
      (operator) => [operator, ['broadcast', 'consumed_inputs']] as const,
    ),
  ),
  ...Object.fromEntries(
    ['Relu', 'Sigmoid', 'Tanh', 'PRelu', 'LeakyRelu'].map((operator) => [operator, ['consumed_inputs']] as const),
  ),
};

/** Adds the layers that a node is; returns its value, or one for each output. */
type OperatorReader = (node: OnnxNodeReader) => OnnxValue | readonly OnnxValue[];

/** The operators of face networks as PyTorch, MXNet and others export them, of any opset. */
export const operators: Readonly<Record<string, OperatorReader>> = {
  Add: readArithmetic,
  AveragePool: readPooling,
  BatchNormalization: readBatchNormalization,
  Cast: readCast,
  Clip: (node) => passesNorm(node) ?? readClip(node),
  Concat: readConcat,
  Constant: readConstant,
  Conv: readConvolution,
  ConvTranspose: readDeconvolution,
  Div: readArithmetic,
  Dropout: readDropout,
  Elu: readElu,
  Erf: (node) => node.layer({ kind: 'erf', inputs: [node.layerInput(0)], attributes: {} }),
  Expand: (node) => passesNorm(node) ?? node.refuse('a norm as input 0'),
  Flatten: readFlatten,
  Gather: readGather,
  Gelu: readGelu,
  Gemm: readDense,
  GlobalAveragePool: readGlobalPooling,
  GlobalMaxPool: readGlobalPooling,
  HardSigmoid: readHardSigmoid,
  HardSwish: readHardSigmoid,
  Identity: (node) =>
    node.value(0)?.is === 'layer'
      ? node.layer({ kind: 'identity', inputs: [node.layerInput(0)], attributes: {} })
      : readSame(node),
  LeakyRelu: readSlopes,
  LpNormalization: readUnitLength,
  MatMul: readDense,
  Max: (node) => passesNorm(node) ?? readOfMany(node),
  MaxPool: readPooling,
  Min: readOfMany,
  Mul: readArithmetic,
  Neg: (node) => node.layer({ kind: 'multiply-scalar', inputs: [node.layerInput(0)], attributes: { scalar: -1 } }),
  PRelu: readSlopes,
  Pad: readPad,
  Reciprocal: readRoot,
  ReduceL2: readNorm,
  ReduceMean: readMean,
  ReduceSumSquare: readNorm,
  Relu: activation('relu'),
  Reshape: readReshape,
  Shape: readShape,
  Sigmoid: activation('sigmoid'),
  Slice: readSlice,
  Softmax: readSoftmax,
  Softplus: activation('softrelu'),
  Softsign: activation('softsign'),
  Split: readSplit,
  Sqrt: readRoot,
  Squeeze: readAxes,
  Sub: readArithmetic,
  Sum: readOfMany,
  Tanh: activation('tanh'),
  Transpose: readTranspose,
  Unsqueeze: readAxes,
};

function activation(name: ActivationAttributes['function']): OperatorReader {
  return (node) => node.layer({ kind: 'activation', inputs: [node.layerInput(0)], attributes: { function: name } });
}

/** Numbers of onnx.proto's TensorProto.DataType: float32, float16, float64, bfloat16. */
const floatTypes = [1, 10, 11, 16];
/** uint8 to int16, int32, int64, uint32 and uint64. */
const integerTypes = [2, 3, 4, 5, 6, 7, 12, 13];

/** All layers compute in float32; a cast to integers cuts their decimals off, which no layer does. */
function readCast(node: OnnxNodeReader): OnnxValue {
  const value = node.value(0) ?? node.refuse('an input');
  const to = node.integer('to', 0);
  if (floatTypes.includes(to)) return value;
  if (!integerTypes.includes(to) || value.is === 'layer' || value.is === 'whole-means') {
    return node.refuse('a floating type to cast to');
  }
  if (value.is === 'sizes') return value;
  if (value.is !== 'constant') return node.refuse('a floating type to cast to');
  return { is: 'constant', constant: { ...value.constant, values: [...value.constant.values].map(Math.trunc) } };
}

function readSame(node: OnnxNodeReader): OnnxValue {
  return node.value(0) ?? node.refuse('an input');
}

function readDropout(node: OnnxNodeReader): OnnxValue {
  const input = node.layerInput(0);
  if ((node.optionalConstant(2)?.values[0] ?? 0) !== 0) node.refuse('training_mode 0');
  const rate = node.optionalConstant(1)?.values[0] ?? node.float('ratio', 0.5);
  return node.layer({ kind: 'dropout', inputs: [input], attributes: { rate: decimal(rate) } });
}

function readSoftmax(node: OnnxNodeReader): OnnxValue {
  const input = node.layerInput(0);
  const shape = node.shapeOf(input);
  const rank = shape.length + 1;
  // Before version 13, everything from the axis on is one row.
  const isOld = node.opset < 13;
  const asked = node.integer('axis', isOld ? 1 : -1);
  const axis = asked < 0 ? asked + rank : asked;
  if (axis !== 1) node.refuse('axis 1');
  if (isOld && shape.slice(1).some((side) => side !== 1)) {
    node.refuse('rows as input: before operator set 13 it runs over channels, height and width together');
  }
  return node.layer({ kind: 'softmax', inputs: [input], attributes: {} });
}

/** Images enter as NHWC there, and as NCHW here. */
function readTranspose(node: OnnxNodeReader): OnnxValue {
  const input = node.layerInput(0);
  if (node.integers('perm')?.join() !== '0,3,1,2' || !node.isChannelsLast(input)) {
    node.refuse('perm 0, 3, 1, 2 and the NHWC images as input');
  }
  // A value of its own: the same layer may be taken with its channels last besides.
  return node.layer({ kind: 'identity', inputs: [input], attributes: {} });
}
