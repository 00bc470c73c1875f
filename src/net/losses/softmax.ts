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
  value(tf, { embeddings, oneHot, parameters: [weight, bias] }) {
    if (weight === undefined || bias === undefined) throw new Error('softmax needs a weight and a bias');
    const logits: Tensor2D = tf.add(tf.matMul(embeddings, weight, false, true), bias);
    return { logits, loss: crossEntropy(tf, logits, oneHot) };
  },
};
