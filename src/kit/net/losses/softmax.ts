import type { Tensor2D } from '@tensorflow/tfjs-core';
import { columnSums } from './column-sums.ts';
import { required } from '../backends/tensors.ts';
import { crossEntropy } from './cross-entropy.ts';
import type { Loss } from './loss.ts';

/** Softmax over a linear classifier: logits e W^T + b. */
export const softmax: Loss<object> = {
  summary: 'Softmax over a linear classifier with bias.',
  formula: '-log softmax(e W^T + b) at the label',
  source: 'the 2018 system',
  index: 0,
  options: {},
  arrays: ({ classes, embeddingSize }) => [
    { name: 'fc7_weight', shape: [classes, embeddingSize], initial: 'xavier', role: 'trained' },
    { name: 'fc7_bias', shape: [classes], initial: 0, role: 'trained' },
  ],
  compute({ backend, embeddings, labels, arrays }) {
    const { tf } = backend;
    const weight = required(arrays['fc7_weight'], 'fc7_weight') as Tensor2D;
    const logits: Tensor2D = tf.add(
      tf.matMul(embeddings, weight, false, true),
      required(arrays['fc7_bias'], 'fc7_bias'),
    );
    const { losses, gradient, correct } = crossEntropy(backend, logits, labels);
    const share = 1 / labels.size;
    return {
      value: tf.mean(losses),
      embeddingGradient: tf.mul(tf.matMul(gradient, weight), share),
      gradients: {
        fc7_weight: { values: tf.matMul(gradient, tf.mul(embeddings, share), true, false) },
        fc7_bias: { values: tf.mul(columnSums(tf, gradient), share) },
      },
      correct,
    };
  },
};
