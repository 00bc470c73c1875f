import type { NamedAttrMap, NamedTensorMap, Tensor4D } from '@tensorflow/tfjs-core';
import type { ConvolutionTable } from '../convolution-kernels.ts';
import type { TensorLibrary } from '../backend.ts';
import type { Pair } from '../../graph/layers/window.ts';

/** Convolutions out of tfjs's own kernels; those for gradients are called by name, since tfjs has no public function for them. */
export function portableConvolutions(tf: TensorLibrary): ConvolutionTable {
  const kernel = (name: string, inputs: NamedTensorMap, attributes: NamedAttrMap): Tensor4D =>
    tf.engine().runKernel(name, inputs, attributes);
  return {
    full: {
      forward: (x, filter, { stride, pad }) =>
        tf.conv2d(x, filter, mutablePair(stride), explicitPadding(pad), 'NHWC', [1, 1], 'floor'),
      inputGradient: (dy, filter, { stride, pad, inputShape }) =>
        kernel('Conv2DBackpropInput', { dy, filter }, { ...common(stride, pad), inputShape: [...inputShape] }),
      filterGradient: (dy, x, { stride, pad, filterShape }) =>
        kernel('Conv2DBackpropFilter', { x, dy }, { ...common(stride, pad), filterShape: [...filterShape] }),
    },
    depthwise: {
      forward: (x, filter, { stride, pad }) =>
        tf.depthwiseConv2d(x, filter, mutablePair(stride), explicitPadding(pad), 'NHWC', [1, 1], 'floor'),
      inputGradient: (dy, filter, { stride, pad, inputShape }) =>
        kernel(
          'DepthwiseConv2dNativeBackpropInput',
          { dy, filter },
          { ...common(stride, pad), inputShape: [...inputShape] },
        ),
      filterGradient: (dy, x, { stride, pad, filterShape }) =>
        kernel(
          'DepthwiseConv2dNativeBackpropFilter',
          { x, dy },
          { ...common(stride, pad), filterShape: [...filterShape] },
        ),
    },
  };
}

function common(stride: readonly [number, number], pad: readonly [number, number]): NamedAttrMap {
  return {
    strides: [...stride],
    pad: explicitPadding(pad),
    dilations: [1, 1],
    dataFormat: 'NHWC',
    dimRoundingMode: 'floor',
  };
}

/** tfjs's form of a padding that is the same on opposite sides, NHWC. */
function explicitPadding([height, width]: Pair): [
  [number, number],
  [number, number],
  [number, number],
  [number, number],
] {
  return [
    [0, 0],
    [height, height],
    [width, width],
    [0, 0],
  ];
}

/** tfjs's types take arrays that may be changed. */
export function mutablePair([height, width]: Pair): [number, number] {
  return [height, width];
}
