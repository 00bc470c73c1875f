import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import type { PoolingAttributes } from '../../layers/pooling.ts';
import { rank4 } from '../convolution-kernels.ts';
import type { TensorLibrary } from '../engine-handle.ts';
import type { LayerKernels } from '../layer-kernels.ts';
import { explicitPadding, mutablePair } from './window-attributes.ts';

/** Pooling through tfjs's operations and their gradients. */
export function poolingKernels(tf: TensorLibrary): LayerKernels<PoolingAttributes> {
  return {
    keeps: 'inputs',
    forward: ({ attributes, inputs }) => ({ output: pool(tf, attributes, rank4(inputs[0])) }),
    backward({ attributes, inputs, gradient }) {
      const input = tf.grad((x: Tensor) => pool(tf, attributes, rank4(x)))(rank4(inputs[0]), gradient);
      return { inputs: [input], parameters: {} };
    },
  };
}

function pool(tf: TensorLibrary, attributes: PoolingAttributes, x: Tensor4D): Tensor4D {
  const { kernel, stride, pad } = attributes;
  const [size, strides, padding] = [mutablePair(kernel), mutablePair(stride), explicitPadding(pad)];
  if (attributes.global) return attributes.function === 'max' ? tf.max(x, [1, 2], true) : tf.mean(x, [1, 2], true);
  // Padded by hand: TensorFlow's kernels know no explicit padding here, and MXNet's average counts the padded cells.
  const padded = tf.pad4d(x, padding, attributes.function === 'max' ? -3.4028234663852886e38 : 0);
  return attributes.function === 'max'
    ? tf.maxPool(padded, size, strides, 'valid')
    : tf.avgPool(padded, size, strides, 'valid');
}
