import type { Scalar, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import type { TensorLibrary } from '../backends/backend.ts';
import type { Gradient } from './loss.ts';

/** What logits are judged by. */
export type Objective = (tf: TensorLibrary, logits: Tensor2D, labels: Tensor1D) => Judged;

export interface Judged {
  /** [batch]. */
  readonly losses: Tensor1D;
  /** Gradient of each sample's loss with respect to its logits but that of the label: [batch, classes]. */
  readonly gradient: Tensor2D;
  /** Gradient of each sample's loss with respect to the logit of its label: [batch]. */
  readonly ownGradient: Tensor1D;
  /** Gradients of the mean of the losses with respect to what the objective has learnt itself. */
  readonly gradients?: Readonly<Record<string, Gradient>>;
}

/**
 * -log softmax(logits) at the label: the losses and gradients of MXNet's `SoftmaxOutput`, but for the division by the
 * batch. No matrix of labels is built: with 85,742 classes one costs as much as a matrix product. The greatest
 * probability is 1 / sum of exp(logit - greatest logit) and never underflows, so that the losses are log(sum) + greatest
 * logit - own logit.
 */
export const softmaxObjective: Objective = (tf, logits, labels) => {
  const probabilities = tf.softmax(logits);
  const logSums: Tensor1D = tf.sub(tf.max(logits, 1), tf.log(tf.max(probabilities, 1)));
  return {
    losses: tf.sub(logSums, atLabels(tf, logits, labels)),
    gradient: probabilities,
    ownGradient: tf.sub(atLabels(tf, probabilities, labels), 1),
  };
};

/** -log softmax(logits) at the label of each sample, and its derivatives. */
export interface CrossEntropy {
  /** [batch]. */
  readonly losses: Tensor1D;
  /** Gradient of each sample's loss with respect to its logits, softmax(logits) - onehot(label): [batch, classes]. */
  readonly gradient: Tensor2D;
}

export function crossEntropy(tf: TensorLibrary, logits: Tensor2D, labels: Tensor1D): CrossEntropy {
  const { losses, gradient, ownGradient } = softmaxObjective(tf, logits, labels);
  return { losses, gradient: withLabels(tf, gradient, { labels, values: ownGradient }) };
}

/** The value of each row at its label: [batch, classes] to [batch]. */
export function atLabels(tf: TensorLibrary, matrix: Tensor2D, labels: Tensor1D): Tensor1D {
  return tf.gatherND(matrix, positionsOf(tf, labels)) as Tensor1D;
}

/** A copy of `matrix` in which each row has the value of `values`, [batch], at its label. */
export function withLabels(
  tf: TensorLibrary,
  matrix: Tensor2D,
  { labels, values }: { readonly labels: Tensor1D; readonly values: Tensor1D },
): Tensor2D {
  return tf.tensorScatterUpdate(matrix, positionsOf(tf, labels), values);
}

/** Row and column of each label, [batch, 2]. */
function positionsOf(tf: TensorLibrary, labels: Tensor1D): Tensor2D {
  return tf.stack([tf.range(0, labels.size, 1, 'int32'), labels], 1) as Tensor2D;
}

/** How many rows are greatest at their label. */
export function countCorrect(tf: TensorLibrary, logits: Tensor2D, labels: Tensor1D): Scalar {
  return tf.sum(tf.cast(tf.equal(tf.argMax(logits, 1), labels), 'float32'));
}
