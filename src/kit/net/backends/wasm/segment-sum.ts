import type { Tensor, Tensor1D } from '@tensorflow/tfjs-core';
import type { TensorLibrary } from '../engine-handle.ts';

/** Adds the rows of `x` whose segment is equal: [n, ...] to [segments, ...]. Rows of segments that do not exist are left out. */
export function unsortedSegmentSum(tf: TensorLibrary, x: Tensor, segmentIds: Tensor1D, segments: number): Tensor {
  const [rows = 0, ...rest] = x.shape;
  const exists = tf.logicalAnd(tf.greaterEqual(segmentIds, 0), tf.less(segmentIds, segments));
  const kept = tf.mul(x, tf.reshape(tf.cast(exists, x.dtype), [rows, ...rest.map(() => 1)]));
  const ids = tf.clipByValue(segmentIds, 0, segments - 1);
  return tf.scatterND(tf.reshape(tf.cast(ids, 'int32'), [rows, 1]), kept, [segments, ...rest]);
}
