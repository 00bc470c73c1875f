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
import { readConvolution, readGlobalPooling, readMean, readPooling } from './window-readers.ts';

/** Adds the layers that a node is; returns its value, or one for each output. */
type OperatorReader = (node: OnnxNodeReader) => OnnxValue | readonly OnnxValue[];

/** The operators of face networks as PyTorch, MXNet and others export them, of any opset. */
export const operators: Readonly<Record<string, OperatorReader>> = {
  Add: readArithmetic,
  AveragePool: readPooling,
  BatchNormalization: readBatchNormalization,
  Cast: readSame,
  Concat: readConcat,
  Constant: readConstant,
  Conv: readConvolution,
  Div: readArithmetic,
  Dropout: readDropout,
  Flatten: readFlatten,
  Gather: readGather,
  Gemm: readDense,
  GlobalAveragePool: readGlobalPooling,
  GlobalMaxPool: readGlobalPooling,
  Identity: (node) =>
    node.value(0)?.is === 'layer'
      ? node.layer({ kind: 'identity', inputs: [node.layerInput(0)], attributes: {} })
      : readSame(node),
  LeakyRelu: readSlopes,
  MatMul: readDense,
  MaxPool: readPooling,
  Mul: readArithmetic,
  PRelu: readSlopes,
  ReduceMean: readMean,
  Relu: activation('relu'),
  Reshape: readReshape,
  Shape: readShape,
  Sigmoid: activation('sigmoid'),
  Slice: readSlice,
  Softmax: readSoftmax,
  Softplus: activation('softrelu'),
  Softsign: activation('softsign'),
  Split: readSplit,
  Squeeze: readAxes,
  Sub: readArithmetic,
  Tanh: activation('tanh'),
  Transpose: readTranspose,
  Unsqueeze: readAxes,
};

function activation(name: ActivationAttributes['function']): OperatorReader {
  return (node) => node.layer({ kind: 'activation', inputs: [node.layerInput(0)], attributes: { function: name } });
}

/** Computed in float32 whatever the file casts to. */
function readSame(node: OnnxNodeReader): OnnxValue {
  return node.value(0) ?? node.refuse('an input');
}

function readDropout(node: OnnxNodeReader): OnnxValue {
  const input = node.layerInput(0);
  const rate = node.optionalConstant(1)?.values[0] ?? node.float('ratio', 0.5);
  return node.layer({ kind: 'dropout', inputs: [input], attributes: { rate: decimal(rate) } });
}

function readSoftmax(node: OnnxNodeReader): OnnxValue {
  const input = node.layerInput(0);
  const rank = node.shapeOf(input).length + 1;
  const axis = node.integer('axis', -1);
  if (axis !== 1 && axis + rank !== 1) node.refuse('axis 1');
  return node.layer({ kind: 'softmax', inputs: [input], attributes: {} });
}

/** Images enter as NHWC there, and as NCHW here. */
function readTranspose(node: OnnxNodeReader): OnnxValue {
  const input = node.layerInput(0);
  if (node.integers('perm')?.join() !== '0,3,1,2' || !node.isNhwcInput(input)) {
    node.refuse('perm 0, 3, 1, 2 and the NHWC images as input');
  }
  return { is: 'layer', layer: input };
}
