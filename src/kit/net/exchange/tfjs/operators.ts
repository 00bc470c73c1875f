import { readArithmetic, readBatchNormalization, readBounds, readClip, readDense } from './element-readers.ts';
import type { GraphNodeReader } from './graph-node.ts';
import {
  readConcat,
  readPack,
  readReduction,
  readReshape,
  readRoot,
  readSizes,
  readSlice,
  readSqueeze,
  readStep,
  readStridedSlice,
  readTranspose,
} from './shape-readers.ts';
import type { TensorflowValue } from './tensorflow-value.ts';
import { readFunction, readSlopes } from './weighted-layer.ts';
import { readConvolution, readDeconvolution, readPad, readPooling } from './window-readers.ts';

type OperationReader = (node: GraphNodeReader) => TensorflowValue;

/** The operations that are written here, and those of convolutional networks as the converter of TensorFlow.js writes them. */
export const operators: Readonly<Record<string, OperationReader>> = {
  Abs: readStep('magnitude'),
  Add: readArithmetic,
  AddV2: readArithmetic,
  AvgPool: readPooling,
  BiasAdd: readArithmetic,
  ClipByValue: readClip,
  ConcatV2: readConcat,
  Conv2D: readConvolution,
  Conv2DBackpropInput: readDeconvolution,
  DepthwiseConv2dNative: readConvolution,
  Elu: readFunction,
  Erf: (node) => node.layer({ kind: 'erf', inputs: [node.layerInput(0)], attributes: {} }),
  FusedBatchNorm: readBatchNormalization,
  FusedBatchNormV2: readBatchNormalization,
  FusedBatchNormV3: readBatchNormalization,
  FusedDepthwiseConv2dNative: readConvolution,
  Identity: readIdentity,
  LeakyRelu: readSlopes,
  MatMul: readDense,
  Max: readReduction,
  MaxPool: readPooling,
  Maximum: readBounds,
  Mean: readReduction,
  Minimum: readBounds,
  Mul: readArithmetic,
  Neg: (node) => node.layer({ kind: 'multiply-scalar', inputs: [node.layerInput(0)], attributes: { scalar: -1 } }),
  Pack: readPack,
  Pad: readPad,
  PadV2: readPad,
  Prelu: readSlopes,
  RealDiv: readArithmetic,
  Relu: readFunction,
  Relu6: readFunction,
  Reshape: readReshape,
  Rsqrt: readRoot,
  Shape: readSizes,
  Sigmoid: readFunction,
  Slice: readSlice,
  Softmax: (node) => node.layer({ kind: 'softmax', inputs: [node.layerInput(0)], attributes: {} }),
  Softplus: readFunction,
  Sqrt: readRoot,
  Square: readStep('squares'),
  Squeeze: readSqueeze,
  StridedSlice: readStridedSlice,
  Sub: readArithmetic,
  Sum: readReduction,
  Tanh: readFunction,
  Transpose: readTranspose,
  _FusedConv2D: readConvolution,
  _FusedMatMul: readDense,
};

function readIdentity(node: GraphNodeReader): TensorflowValue {
  const value = node.value(0);
  return value.is === 'layer' ? node.layer({ kind: 'identity', inputs: [value.layer], attributes: {} }) : value;
}
