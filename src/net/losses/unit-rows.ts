import type { Tensor } from '@tensorflow/tfjs-core';
import type { TensorLibrary } from '../engines/engine-handle.ts';

/** Rows of length 1: x / sqrt(sum x^2 + 1e-10), MXNet's `L2Normalization`. */
export function unitRows(tf: TensorLibrary, rows: Tensor): Tensor {
  return tf.mul(rows, tf.rsqrt(tf.add(tf.sum(tf.square(rows), 1, true), 1e-10)));
}
