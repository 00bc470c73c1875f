import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import type { TensorLibrary } from '../backends/backend.ts';

/**
 * -log softmax(logits) at the label, of each sample, and the gradient of its mean by the logits, (p - onehot) / batch:
 * MXNet's `SoftmaxOutput` with normalization valid.
 */
export function crossEntropy(
  tf: TensorLibrary,
  logits: Tensor2D,
  oneHot: Tensor2D,
): { readonly losses: Tensor; readonly gradient: Tensor2D } {
  const shifted = tf.sub(logits, tf.max(logits, 1, true));
  const logSum = tf.log(tf.sum(tf.exp(shifted), 1, true));
  const logProbabilities = tf.sub(shifted, logSum);
  const losses = tf.neg(tf.sum(tf.mul(logProbabilities, oneHot), 1));
  const gradient: Tensor2D = tf.div(tf.sub(tf.exp(logProbabilities), oneHot), logits.shape[0]);
  return { losses, gradient };
}
