import type { Scalar, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import type { Loss } from './loss.ts';
import { miningOptions, type MiningOptions, minedTriplets, thirds } from './triplet-sampling.ts';
import { unitRows, unitRowsGradient } from './unit-rows.ts';

export interface TripletOptions extends MiningOptions {
  readonly margin: number;
}

/**
 * Triplet loss: the mean over normalized embeddings. The first third of a batch are anchors, the second their positives,
 * the third their negatives.
 */
export const triplet: Loss<TripletOptions> = {
  summary: 'Squared distances to another image of the same identity and of another one differ by a margin.',
  formula: 'mean of max(0, |a - p|^2 - |a - n|^2 + margin) over triplets of normalised embeddings',
  source: 'Schroff et al. 2015, "FaceNet", equation 2; triplets chosen as in the 2018 system',
  index: 12,
  options: {
    margin: {
      type: 'number',
      exclusiveMinimum: 0,
      default: 0.3,
      description: 'Between the squared distances (--triplet-alpha), in the loss and in the choice of negatives.',
    },
    ...miningOptions,
  },
  arrays: () => [],
  sampling: (options) => minedTriplets({ ...options, negativeMargin: options.margin }),
  compute({ backend: { tf }, embeddings }, { margin }) {
    const unit = unitRows(tf, embeddings);
    const [anchors, positives, negatives] = thirds(tf, unit.rows);
    const toPositive: Tensor1D = tf.sum(tf.square(tf.sub(anchors, positives)), 1);
    const toNegative: Tensor1D = tf.sum(tf.square(tf.sub(anchors, negatives)), 1);
    const excess: Tensor1D = tf.add(tf.sub(toPositive, toNegative), margin);
    const isActive = tf.cast(tf.greater(excess, 0), 'float32');
    const weights: Tensor2D = tf.mul(tf.reshape(isActive, [-1, 1]), 2 / excess.size);
    const weighted = (from: Tensor2D, to: Tensor2D): Tensor2D => tf.mul(tf.sub(from, to), weights);
    const byRows = tf.concat([
      weighted(negatives, positives),
      weighted(positives, anchors),
      weighted(anchors, negatives),
    ]);
    const active: Scalar = tf.mean(isActive);
    return {
      value: tf.mean(tf.relu(excess)),
      embeddingGradient: unitRowsGradient(tf, unit, byRows),
      gradients: {},
      figures: { active },
    };
  },
};
