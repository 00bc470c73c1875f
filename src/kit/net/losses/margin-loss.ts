import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import { required } from '../backends/tensors.ts';
import { atLabels, countCorrect, crossEntropy, withLabels } from './cross-entropy.ts';
import type { LossArray, LossCall, LossResult, LossSizes } from './loss.ts';
import { inverseNormsOf, unitRows, unitRowsGradient } from './unit-rows.ts';

/** What a margin makes of the cosines between embeddings and the centres of their labels, [batch]. */
export interface MarginTarget {
  readonly value: Tensor;
  /** Derivative of `value` with respect to the cosine; absent: 1 everywhere. */
  readonly slope?: Tensor;
}

/** The class centres of a margin loss. */
export const classCentres = ({ classes, embeddingSize }: LossSizes): readonly LossArray[] => [
  { name: 'fc7_weight', shape: [classes, embeddingSize], initial: 'xavier', role: 'trained' },
];

/**
 * Softmax over scale * cosine between normalized embeddings and normalized class centres, in which the cosine of the
 * label is replaced by `target` of it: the common form of ArcFace, CosineFace and their kin.
 *
 * The centres are normalized by dividing their cosines, [batch, classes], not them, [classes, embeddingSize]: with w the
 * centre of a class, r = 1 / |w|, x the unit embeddings and G the gradient with respect to the cosines,
 * d/dw = r G^T x - r^2 (sum of G cos over the batch) w.
 */
export function marginLoss(
  { backend, embeddings, labels, arrays }: LossCall,
  { scale, target }: { readonly scale: number; readonly target: (cosine: Tensor1D) => MarginTarget },
): LossResult {
  const { tf } = backend;
  const centres = required(arrays['fc7_weight'], 'fc7_weight') as Tensor2D;
  const unit = unitRows(tf, embeddings);
  const inverseNorms = inverseNormsOf(backend, centres);
  const scaled: Tensor2D = tf.mul(tf.matMul(tf.mul(unit.rows, scale), centres, false, true), inverseNorms);
  const { value, slope } = target(tf.div(atLabels(tf, scaled, labels), scale));
  const logits = withLabels(tf, scaled, { labels, values: tf.mul(value, scale) });
  const { losses, gradient } = crossEntropy(tf, logits, labels);
  const chained =
    slope === undefined
      ? gradient
      : withLabels(tf, gradient, { labels, values: tf.mul(atLabels(tf, gradient, labels), slope) });
  // With respect to the products of unit embeddings and centres as they are, but for the factor scale / batch.
  const byProduct: Tensor2D = tf.mul(chained, inverseNorms);
  const factor = scale / labels.size;
  const along = tf.mul(tf.sum(tf.mul(byProduct, scaled), 0), tf.div(inverseNorms, labels.size));
  return {
    value: tf.mean(losses),
    embeddingGradient: unitRowsGradient(tf, unit, tf.mul(tf.matMul(byProduct, centres), factor)),
    gradients: {
      fc7_weight: {
        values: tf.sub(
          tf.matMul(byProduct, tf.mul(unit.rows, factor), true, false),
          tf.mul(centres, tf.reshape(along, [-1, 1])),
        ),
      },
    },
    correct: countCorrect(tf, logits, labels),
  };
}
