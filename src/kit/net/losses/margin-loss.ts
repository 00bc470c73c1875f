import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import type { TensorLibrary } from '../backends/backend.ts';
import { crossEntropy } from './cross-entropy.ts';
import type { LossCall, LossResult } from './loss.ts';
import { unitRows, unitRowsGradient } from './unit-rows.ts';

/** What a margin makes of the cosine between an embedding and its label's centre, and the derivative of that. */
export interface MarginTarget {
  readonly value: Tensor;
  readonly slope: Tensor;
}

/**
 * Softmax over scale * cosine between normalised embeddings and normalised class centres, where the label's cosine is
 * replaced by `target` of it: the common form of ArcFace, CosineFace and their kin.
 */
export function marginLoss(
  tf: TensorLibrary,
  { embeddings, oneHot, parameters }: LossCall,
  { scale, target }: { readonly scale: number; readonly target: (cosine: Tensor) => MarginTarget },
): LossResult {
  const [weight] = parameters;
  if (weight === undefined) throw new Error('a margin loss needs a weight');
  const unit = unitRows(tf, embeddings);
  const centres = unitRows(tf, weight);
  const cosines: Tensor2D = tf.matMul(unit.rows, centres.rows, false, true);
  const own = tf.sum(tf.mul(cosines, oneHot), 1, true);
  const { value, slope } = target(own);
  const logits: Tensor2D = tf.mul(tf.add(cosines, tf.mul(oneHot, tf.sub(value, own))), scale);
  const { losses, gradient } = crossEntropy(tf, logits, oneHot);
  const chained = tf.add(1, tf.mul(oneHot, tf.sub(slope, 1)));
  const byCosine: Tensor2D = tf.mul(tf.mul(gradient, chained), scale);
  return {
    losses,
    logits,
    embeddingGradient: unitRowsGradient(tf, unit, tf.matMul(byCosine, centres.rows)),
    parameterGradients: [unitRowsGradient(tf, centres, tf.matMul(byCosine, unit.rows, true, false))],
  };
}
