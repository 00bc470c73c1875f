import type { Rank, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import { crossEntropy } from './cross-entropy.ts';
import type { Loss } from './loss.ts';
import { unitRows, unitRowsGradient } from './unit-rows.ts';

/** N-pair loss: two adjacent images of each identity; the first of one is compared with the second of all. */
export const nPair: Loss<object> = {
  summary: 'The other image of the own identity against those of all other identities of the batch.',
  formula: 'mean over i of log sum_j exp(S_ij - S_ii), S = A B^T, A the first and B the second images, normalised',
  source: 'Sohn 2016, "Multi-class N-pair Loss", equation 7, on normalised embeddings as in the 2018 system',
  index: 11,
  options: {},
  arrays: () => [],
  sampling: () => ({ imagesPerIdentity: 2, batchMultiple: 2 }),
  compute({ backend, embeddings }) {
    const { tf } = backend;
    const [batch, size] = embeddings.shape;
    if (batch % 2 !== 0) throw new Error(`a batch of ${batch} images is not made of pairs`);
    const unit = unitRows(tf, embeddings);
    const [first, second] = tf.unstack(tf.reshape(unit.rows, [batch / 2, 2, size]), 1) as [Tensor2D, Tensor2D];
    const similarities: Tensor2D = tf.matMul(first, second, false, true);
    const places: Tensor1D = tf.range(0, batch / 2, 1, 'int32');
    const { losses, gradient, correct } = crossEntropy(backend, similarities, places);
    const share = 2 / batch;
    const bySimilarity: Tensor2D = tf.mul(gradient, share);
    const byRows = tf.stack([tf.matMul(bySimilarity, second), tf.matMul(bySimilarity, first, true, false)], 1);
    return {
      value: tf.mean(losses),
      embeddingGradient: unitRowsGradient(tf, unit, tf.reshape<Rank.R2>(byRows, [batch, size])),
      gradients: {},
      // Counted in images, as the batch is.
      correct: tf.mul(correct, 2),
    };
  },
};
