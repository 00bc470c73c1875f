import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import { type ConvolutionPrimitives, type ConvolutionTable, rank4 } from '../convolution-kernels.ts';
import type { Window } from '../../graph/layers/window.ts';
import type { RawAttribute, RawKernels, TensorLibrary } from '../backend.ts';

/** TensorFlow's convolution kernels, called directly: the public functions of tfjs refuse explicit padding in gradients. */
export function tensorflowConvolutions(tf: TensorLibrary, raw: RawKernels): ConvolutionTable {
  return {
    full: primitives(tf, raw, {
      forward: 'Conv2D',
      inputGradient: 'Conv2DBackpropInput',
      filterGradient: 'Conv2DBackpropFilter',
    }),
    depthwise: primitives(tf, raw, {
      forward: 'DepthwiseConv2dNative',
      inputGradient: 'DepthwiseConv2dNativeBackpropInput',
      filterGradient: 'DepthwiseConv2dNativeBackpropFilter',
    }),
  };
}

function primitives(
  tf: TensorLibrary,
  raw: RawKernels,
  operations: Readonly<Record<keyof ConvolutionPrimitives, string>>,
): ConvolutionPrimitives {
  const run = (operation: string, window: Window, inputs: readonly Tensor[]): Tensor4D =>
    rank4(raw.run(operation, { attributes: attributesOf(raw, window), inputs, outputCount: 1 })[0]);
  const sizes = (shape: readonly number[]): Tensor => tf.tensor1d([...shape], 'int32');
  return {
    forward: (x, filter, window) => run(operations.forward, window, [x, filter]),
    inputGradient: (gradient, filter, call) =>
      run(operations.inputGradient, call, [sizes(call.inputShape), filter, gradient]),
    filterGradient: (gradient, x, call) => run(operations.filterGradient, call, [x, sizes(call.filterShape), gradient]),
  };
}

function attributesOf(raw: RawKernels, { stride, pad }: Window): RawAttribute[] {
  const { type, string, int } = raw.attributeType;
  const attributes = [
    { name: 'T', type, value: raw.dataType('float32') },
    { name: 'strides', type: int, value: [1, ...stride, 1] },
    { name: 'data_format', type: string, value: 'NHWC' },
  ];
  if (pad[0] === 0 && pad[1] === 0) return [...attributes, { name: 'padding', type: string, value: 'VALID' }];
  return [
    ...attributes,
    { name: 'padding', type: string, value: 'EXPLICIT' },
    { name: 'explicit_paddings', type: int, value: [0, 0, pad[0], pad[0], pad[1], pad[1], 0, 0] },
  ];
}
