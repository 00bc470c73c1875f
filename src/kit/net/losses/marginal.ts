import type { Rank, Tensor2D } from '@tensorflow/tfjs-core';
import type { Loss } from './loss.ts';
import { imagesPerIdentity } from './sampling-options.ts';
import { unitRows, unitRowsGradient } from './unit-rows.ts';

export interface MarginalOptions {
  readonly threshold: number;
  readonly margin: number;
  readonly imagesPerIdentity: number;
}

/** Marginal loss: all pairs of a batch, each on its side of one squared distance. */
export const marginal: Loss<MarginalOptions> = {
  summary: 'All pairs of a batch: squared distances of one identity below a threshold, of two above it.',
  formula:
    'sum over i, j of max(0, t_ij (|x_i - x_j|^2 - threshold) + margin) / (n^2 - n), t = 1 for one identity, -1 for two',
  source: 'Deng et al. 2017, "Marginal Loss", equation 5',
  index: 10,
  options: {
    threshold: {
      type: 'number',
      minimum: 0,
      maximum: 4,
      default: 1.2,
      description: 'Squared distance between the sides.',
    },
    margin: { type: 'number', minimum: 0, default: 0.3, description: 'Distance to keep from the threshold.' },
    imagesPerIdentity: { ...imagesPerIdentity, default: 16 },
  },
  arrays: () => [],
  sampling: ({ imagesPerIdentity: images }) => ({ imagesPerIdentity: images, batchMultiple: images }),
  compute({ backend: { tf }, embeddings, labels }, { threshold, margin }) {
    const pairs = Math.max(1, labels.size ** 2 - labels.size);
    const unit = unitRows(tf, embeddings);
    const lengths: Tensor2D = tf.sum(tf.square(unit.rows), 1, true);
    const products = tf.matMul(unit.rows, unit.rows, false, true);
    const distances: Tensor2D = tf.sub(tf.add(lengths, tf.transpose(lengths)), tf.mul(products, 2));
    const isKin: Tensor2D = tf.equal(tf.reshape<Rank.R2>(labels, [-1, 1]), labels);
    const signs: Tensor2D = tf.sub(tf.mul(tf.cast(isKin, 'float32'), 2), 1);
    const excess = tf.add<Tensor2D>(tf.mul(tf.sub(distances, threshold), signs), margin);
    const isActive = tf.cast(tf.greater<Tensor2D>(excess, 0), 'float32');
    const activeSigns: Tensor2D = tf.mul(isActive, signs);
    const byDistance: Tensor2D = tf.mul(activeSigns, 1 / pairs);
    const towards: Tensor2D = tf.sum(byDistance, 1, true);
    // Each pair occurs twice, and the derivative of its distance is twice the difference.
    const across: Tensor2D = tf.sub(tf.mul(unit.rows, towards), tf.matMul(byDistance, unit.rows));
    return {
      value: tf.div(tf.sum(tf.relu(excess)), pairs),
      embeddingGradient: unitRowsGradient(tf, unit, tf.mul(across, 4)),
      gradients: {},
      figures: { active: tf.mean(isActive) },
    };
  },
};
