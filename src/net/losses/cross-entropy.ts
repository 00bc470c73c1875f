import type { Scalar, Tensor2D } from '@tensorflow/tfjs-core';
import type { TensorLibrary } from '../engines/engine-handle.ts';

/** Mean over the batch of -log softmax(logits) at the label; its gradient is (p - onehot) / batch, MXNet's `SoftmaxOutput`. */
export function crossEntropy(tf: TensorLibrary, logits: Tensor2D, oneHot: Tensor2D): Scalar {
  const perSample = tf.sum(tf.mul(tf.logSoftmax(logits), oneHot), 1);
  return tf.neg(tf.mean<Scalar>(perSample));
}
