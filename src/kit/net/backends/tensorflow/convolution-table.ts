import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import { type ConvolutionPrimitives, type ConvolutionTable, rank4, type Shape4D } from '../convolution-kernels.ts';
import type { Pair, Window } from '../../graph/layers/window.ts';
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
  const run = (operation: string, attributes: RawAttribute[], inputs: readonly Tensor[]): Tensor4D =>
    rank4(raw.run(operation, { attributes, inputs, outputCount: 1 })[0]);
  const sizes = (shape: readonly number[]): Tensor => tf.tensor1d([...shape], 'int32');
  return {
    // oneDNN takes padding in numbers here.
    forward: (x, filter, window) => run(operations.forward, explicitly(raw, window), [x, filter]),
    inputGradient(gradient, filter, call) {
      const { inputShape, pad } = call;
      const ofShape = (shape: Shape4D, word: PaddingWord): Tensor4D =>
        run(operations.inputGradient, inWords(raw, call, word), [sizes(shape), filter, gradient]);
      const word = paddingWord(call);
      if (word !== undefined) return ofShape(inputShape, word);
      const [batch, height, width, channels] = inputShape;
      const padded = [batch, height + 2 * pad[0], width + 2 * pad[1], channels] as const;
      return tf.slice(ofShape(padded, 'VALID'), [0, ...pad, 0], [...inputShape]);
    },
    filterGradient(gradient, x, call) {
      const { filterShape, pad } = call;
      const of = (input: Tensor4D, word: PaddingWord): Tensor4D =>
        run(operations.filterGradient, inWords(raw, call, word), [input, sizes(filterShape), gradient]);
      const word = paddingWord(call);
      if (word !== undefined) return of(x, word);
      const [rows, columns] = pad;
      return of(tf.pad(x, [[0, 0], [rows, rows], [columns, columns], [0, 0]]), 'VALID'); // prettier-ignore
    },
  };
}

type PaddingWord = 'VALID' | 'SAME';

/**
 * Gradients are computed by oneDNN where the padding is written as a word: none, or as much as keeps the size. TensorFlow's own kernels,
 * which take padding in numbers, need two to three times as long. Undefined where no word says it.
 */
function paddingWord({ kernel, stride, pad }: Window): PaddingWord | undefined {
  if (pad.every((size) => size === 0)) return 'VALID';
  const keepsSize = pad.every((size, axis) => stride[axis] === 1 && 2 * size + 1 === kernel[axis]);
  return keepsSize ? 'SAME' : undefined;
}

function inWords(raw: RawKernels, { stride }: Window, word: PaddingWord): RawAttribute[] {
  return [...commonAttributes(raw, stride), { name: 'padding', type: raw.attributeType.string, value: word }];
}

function explicitly(raw: RawKernels, { stride, pad }: Window): RawAttribute[] {
  const { string, int } = raw.attributeType;
  return [
    ...commonAttributes(raw, stride),
    { name: 'padding', type: string, value: 'EXPLICIT' },
    { name: 'explicit_paddings', type: int, value: [0, 0, pad[0], pad[0], pad[1], pad[1], 0, 0] },
  ];
}

function commonAttributes(raw: RawKernels, stride: Pair): RawAttribute[] {
  const { type, string, int } = raw.attributeType;
  return [
    { name: 'T', type, value: raw.dataType('float32') },
    { name: 'strides', type: int, value: [1, ...stride, 1] },
    { name: 'data_format', type: string, value: 'NHWC' },
  ];
}
