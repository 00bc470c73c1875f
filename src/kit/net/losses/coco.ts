import type { Tensor2D } from '@tensorflow/tfjs-core';
import { required } from '../backends/tensors.ts';
import { crossEntropy } from './cross-entropy.ts';
import type { Loss } from './loss.ts';
import { imagesPerIdentity } from './sampling-options.ts';
import { unitRows, unitRowsGradient } from './unit-rows.ts';

export interface CocoOptions {
  readonly imagesPerIdentity: number;
}

/**
 * Congenerous cosine loss: the classes are the identities of the batch, their centres the normalized means of the
 * embeddings, as the network makes them, of the batch itself. Images of one identity need not be adjacent in it.
 */
export const coco: Loss<CocoOptions> = {
  summary: 'Softmax over cosines with the means of the identities in the batch; there is no classifier.',
  formula:
    '-log softmax(s x.v_i) at the own identity, v_i the normalised mean of the embeddings of identity i of the batch, ' +
    's = log(max(1, classes - 1)) / 2 + 3',
  source: 'Liu et al. 2017, "Rethinking Feature Discrimination and Polymerization", equations 3 and 6',
  index: 9,
  options: { imagesPerIdentity: { ...imagesPerIdentity, default: 16 } },
  arrays: () => [],
  sampling: ({ imagesPerIdentity: images }) => ({ imagesPerIdentity: images, batchMultiple: images }),
  reads: ({ labels }) => ({ labels }),
  compute({ backend, embeddings, labels, classes, read }) {
    const { tf } = backend;
    const scale = 0.5 * Math.log(Math.max(1, classes - 1)) + 3;
    const found = required(read['labels'], 'labels');
    const identities = [...new Set(found)];
    const places = tf.tensor1d(Array.from(found, (label) => identities.indexOf(label)), 'int32'); // prettier-ignore
    const counts = identities.map((identity) => found.filter((label) => label === identity).length);
    const shares = identities.map((identity, at) =>
      Array.from(found, (label) => (label === identity ? 1 / (counts[at] ?? NaN) : 0)),
    );
    const averaging: Tensor2D = tf.tensor2d(shares, [identities.length, found.length]);
    const unit = unitRows(tf, embeddings);
    const means = unitRows(tf, tf.matMul(averaging, embeddings));
    const logits: Tensor2D = tf.mul(tf.matMul(unit.rows, means.rows, false, true), scale);
    const { losses, gradient, correct } = crossEntropy(backend, logits, places);
    const byCosine: Tensor2D = tf.mul(gradient, scale / labels.size);
    const byMeans = unitRowsGradient(tf, means, tf.matMul(byCosine, unit.rows, true, false));
    return {
      value: tf.mean(losses),
      embeddingGradient: tf.add(
        unitRowsGradient(tf, unit, tf.matMul(byCosine, means.rows)),
        tf.matMul(averaging, byMeans, true, false),
      ),
      gradients: {},
      correct,
    };
  },
};
