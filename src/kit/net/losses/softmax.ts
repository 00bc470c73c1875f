import type { Tensor2D } from '@tensorflow/tfjs-core';
import { crossEntropy } from './cross-entropy.ts';
import type { Loss } from './loss.ts';

/** Softmax over a linear classifier: logits e W^T + b. */
export const softmax: Loss<object> = {
  summary: 'Softmax over a linear classifier with bias.',
  options: {},
  parameters: (classes, embeddingSize) => [
    { name: 'fc7_weight', shape: [classes, embeddingSize], initial: 'xavier' },
    { name: 'fc7_bias', shape: [classes], initial: 0 },
  ],
  compute(tf, { embeddings, oneHot, parameters: [weight, bias] }) {
    if (weight === undefined || bias === undefined) throw new Error('softmax needs a weight and a bias');
    const logits: Tensor2D = tf.add(tf.matMul(embeddings, weight, false, true), bias);
    const { losses, gradient } = crossEntropy(tf, logits, oneHot);
    return {
      losses,
      logits,
      embeddingGradient: tf.matMul(gradient, weight),
      parameterGradients: [tf.matMul(gradient, embeddings, true, false), tf.sum(gradient, 0)],
    };
  },
};
