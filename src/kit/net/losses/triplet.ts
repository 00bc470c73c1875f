import type { Scalar, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import type { TensorLibrary } from '../backends/backend.ts';
import type { Loss } from './loss.ts';
import { chooseTriplets } from './triplet-mining.ts';
import { unitRows, unitRowsGradient } from './unit-rows.ts';

export interface TripletOptions {
  readonly margin: number;
  readonly imagesPerIdentity: number;
  readonly poolSize: number;
  readonly maxPositiveDistance: number;
}

/**
 * Triplet loss (Schroff et al. 2015, "FaceNet", equation 2; index 12 of the 2018 system): the mean of
 * max(0, |a - p|^2 - |a - n|^2 + margin) over normalized embeddings. The first third of a batch are anchors, the second
 * their positives, the third their negatives.
 */
export const triplet: Loss<TripletOptions> = {
  summary: 'Squared distances to another image of the same identity and of another one differ by a margin.',
  options: {
    margin: { type: 'number', exclusiveMinimum: 0, default: 0.3, description: 'Between the squared distances.' },
    imagesPerIdentity: {
      type: 'integer',
      minimum: 2,
      default: 5,
      description: 'Images of an identity, at most, among which pairs are formed.',
    },
    poolSize: {
      type: 'integer',
      minimum: 3,
      default: 3600,
      description: 'Images that are embedded at a time to choose triplets from them.',
    },
    maxPositiveDistance: {
      type: 'number',
      minimum: 0,
      default: 0,
      description: 'Pairs of an identity at a greater squared distance are left out, as probably mislabelled; 0: none.',
    },
  },
  arrays: () => [],
  sampling: ({ imagesPerIdentity, poolSize, margin, maxPositiveDistance }) => ({
    imagesPerIdentity,
    batchMultiple: 3,
    mining: {
      poolSize,
      choose: (pool, { batch, random }) => chooseTriplets(pool, { batch, random, margin, maxPositiveDistance }),
    },
  }),
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

function thirds(tf: TensorLibrary, rows: Tensor2D): [Tensor2D, Tensor2D, Tensor2D] {
  if (rows.shape[0] % 3 !== 0) throw new Error(`a batch of ${rows.shape[0]} images is not made of triplets`);
  return tf.split(rows, 3) as [Tensor2D, Tensor2D, Tensor2D];
}
