import type { backend_util } from '@tensorflow/tfjs-core';
import type { TensorLibrary } from '../engine-handle.ts';

type Conv2DInfo = backend_util.Conv2DInfo;

/** The attributes that tfjs gives to the kernels of convolution gradients. */
export interface WindowAttributes {
  readonly strides: number | [number, number];
  readonly pad: 'valid' | 'same' | number | backend_util.ExplicitPadding;
  readonly dataFormat?: 'NHWC' | 'NCHW';
  readonly dilations?: number | [number, number];
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

export type Shape4D = [number, number, number, number];

/** Sizes and paddings of the convolution whose gradient is wanted. Dilated windows are not supported, and throw. */
export function windowGeometry(
  tf: TensorLibrary,
  attributes: WindowAttributes,
  shapes: { readonly input: Shape4D; readonly filter: Shape4D; readonly depthwise: boolean },
): Conv2DInfo {
  const { strides, pad, dimRoundingMode, dilations = 1, dataFormat = 'NHWC' } = attributes;
  const info = tf.backend_util.computeConv2DInfo(
    shapes.input,
    shapes.filter,
    strides,
    dilations,
    pad,
    dimRoundingMode,
    shapes.depthwise,
    tf.backend_util.convertConv2DDataFormat(dataFormat),
  );
  if (info.dataFormat !== 'channelsLast' || info.dilationHeight !== 1 || info.dilationWidth !== 1) {
    throw new Error('gradients of convolutions on wasm: only NHWC without dilation is implemented');
  }
  return info;
}
