import type { Tensor } from '@tensorflow/tfjs-core';
import type { TensorLibrary } from '../engine-handle.ts';

/** Rows as images of one pixel: TensorFlow's kernels for channels take four axes only. */
export function asImage(tf: TensorLibrary, x: Tensor): Tensor {
  return x.rank === 4 ? x : tf.reshape(x, [x.shape[0], 1, 1, x.shape[1] ?? 0]);
}
