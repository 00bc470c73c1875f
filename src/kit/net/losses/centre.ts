import type { Scalar, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import type { TensorLibrary } from '../backends/backend.ts';
import { required } from '../backends/tensors.ts';
import type { Loss } from './loss.ts';
import { softmax } from './softmax.ts';

export interface CentreOptions {
  readonly weight: number;
  readonly rate: number;
}

/**
 * Softmax and centre loss: embeddings are drawn to the centre of their class, which is not learnt by its gradient but
 * follows the embeddings of its class by a rule of its own.
 */
export const centre: Loss<CentreOptions> = {
  summary: 'Softmax, and the squared distance to a centre of the class that follows its embeddings.',
  formula:
    'softmax + weight sum |e - c_y|^2 / (2 batch); after each batch c_j += rate sum(e - c_j) / (1 + n_j) over the n_j samples of class j',
  source: 'Wen et al. 2016, "Center Loss", equations 2 to 5',
  index: 8,
  options: {
    weight: { type: 'number', minimum: 0, default: 0.003, description: 'Weight of the distances (--center-scale).' },
    rate: {
      type: 'number',
      minimum: 0,
      maximum: 1,
      default: 0.5,
      description: 'How fast centres follow (--center-alpha).',
    },
  },
  arrays: (sizes) => [
    ...softmax.arrays(sizes, {}),
    { name: 'centres', shape: [sizes.classes, sizes.embeddingSize], initial: 0, role: 'state' },
  ],
  compute(call, { weight, rate }) {
    const { embeddings, labels } = call;
    const { tf } = call.backend;
    const centres = required(call.arrays['centres'], 'centres') as Tensor2D;
    const classified = softmax.compute(call, {});
    const own: Tensor2D = tf.gather(centres, labels);
    const away: Tensor2D = tf.sub(embeddings, own);
    const distance: Scalar = tf.div(tf.sum(tf.square(away)), 2 * labels.size);
    const moved: Tensor2D = tf.add(own, tf.mul(ruleOfCentres(tf, away, labels), rate));
    return {
      ...classified,
      value: tf.add(classified.value, tf.mul(distance, weight)),
      embeddingGradient: tf.add(classified.embeddingGradient, tf.mul(away, weight / labels.size)),
      // Samples of one class all write the same row.
      state: { centres: tf.tensorScatterUpdate(centres, tf.reshape(labels, [-1, 1]), moved) },
      figures: { softmax: classified.value.clone(), distance },
    };
  },
};

/** sum of e - c over the samples of each sample's class, divided by one more than their number: [batch, embeddingSize]. */
function ruleOfCentres(tf: TensorLibrary, away: Tensor2D, labels: Tensor1D): Tensor2D {
  const isKin: Tensor2D = tf.cast(tf.equal<Tensor2D>(tf.reshape(labels, [-1, 1]), labels), 'float32');
  const kin: Tensor2D = tf.add(tf.sum(isKin, 1, true), 1);
  return tf.div(tf.matMul(isKin, away), kin);
}
