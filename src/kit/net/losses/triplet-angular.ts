import type { Rank, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import { required, vectorOf } from '../backends/tensors.ts';
import { angleOf } from './angular-margin.ts';
import type { Loss, NumberArray } from './loss.ts';
import { cosinesOfPairs } from './pair-cosines.ts';
import { miningOptions, type MiningOptions, minedTriplets, thirds } from './triplet-sampling.ts';
import { unitRows, unitRowsGradient } from './unit-rows.ts';

export interface TripletAngularOptions extends MiningOptions {
  readonly margin: number;
  readonly negativeMargin: number;
}

/** Triplets by angles; they are chosen by squared distances, as those of {@link triplet}. */
export const tripletAngular: Loss<TripletAngularOptions> = {
  summary: 'Angles to another image of the same identity and of another one differ by a margin.',
  formula: 'mean of max(0, arccos(a.p) - arccos(a.n) + margin) over triplets of normalised embeddings',
  source: 'the 2018 system',
  index: 13,
  options: {
    margin: {
      type: 'number',
      exclusiveMinimum: 0,
      default: 0.5,
      description: 'Between the angles (--margin-m), in radians.',
    },
    negativeMargin: {
      type: 'number',
      exclusiveMinimum: 0,
      default: 0.3,
      description:
        'Negatives are chosen that are further than the positive by less, in squared distances (--triplet-alpha).',
    },
    ...miningOptions,
  },
  arrays: () => [],
  sampling: minedTriplets,
  reads: ({ embeddings }) => ({ embeddings }),
  compute({ backend: { tf }, embeddings, read }, { margin }) {
    const unit = unitRows(tf, embeddings);
    const [anchors, positives, negatives] = thirds(tf, unit.rows);
    const values = required(read['embeddings'], 'embeddings');
    const part = (index: number): NumberArray =>
      values.subarray((index * values.length) / 3, ((index + 1) * values.length) / 3);
    const anglesTo = (others: NumberArray) => cosinesOfPairs(part(0), others, anchors.shape[0]).own.map(angleOf);
    const [near, far] = [anglesTo(part(1)), anglesTo(part(2))];
    const excess = near.map(({ angle }, at) => angle - (far[at]?.angle ?? NaN) + margin);
    const weights = (of: readonly { readonly slope: number }[], sign: number): Tensor2D => {
      const slopes = of.map(({ slope }, at) => ((excess[at] ?? NaN) > 0 ? (sign * slope) / excess.length : 0));
      const vector: Tensor1D = vectorOf(tf, slopes);
      return tf.reshape<Rank.R2>(vector, [-1, 1]);
    };
    const [byNear, byFar] = [weights(near, 1), weights(far, -1)];
    const byAnchors: Tensor2D = tf.add(tf.mul(positives, byNear), tf.mul(negatives, byFar));
    const byPositives: Tensor2D = tf.mul(anchors, byNear);
    const byNegatives: Tensor2D = tf.mul(anchors, byFar);
    const byRows = tf.concat([byAnchors, byPositives, byNegatives]);
    const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
    return {
      value: tf.scalar(mean(excess.map((each) => Math.max(0, each)))),
      embeddingGradient: unitRowsGradient(tf, unit, byRows),
      gradients: {},
      figures: { active: tf.scalar(mean(excess.map((each) => (each > 0 ? 1 : 0)))) },
    };
  },
};
