import type { Scalar, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import type { Backend, TensorLibrary } from '../backends/backend.ts';
import { atColumns, replaced } from './label-entries.ts';
import type { Gradient } from './loss.ts';

/** What logits are judged by. */
export type Objective = (backend: Backend, logits: Tensor2D, labels: Tensor1D) => Judged;

export interface Judged {
  /** [batch]. */
  readonly losses: Tensor1D;
  /** Gradient of each sample's loss with respect to its logits but that of the label: [batch, classes], to be divided by `sums`. */
  readonly gradient: Tensor2D;
  /** What the rows of `gradient` have yet to be divided by, [batch]; absent: nothing. */
  readonly sums?: Tensor1D;
  /** Gradient of each sample's loss with respect to the logit of its label: [batch]. */
  readonly ownGradient: Tensor1D;
  /** How many rows are greatest at their label. */
  readonly correct: Scalar;
  /** Gradients of the mean of the losses with respect to what the objective has learnt itself. */
  readonly gradients?: Readonly<Record<string, Gradient>>;
}

/**
 * -log softmax(logits) at the label: the losses and gradients of MXNet's `SoftmaxOutput`, but for the division by the
 * batch. No matrix of labels is built: with 85,742 classes one costs as much as a matrix product. The greatest
 * probability is 1 / sum of exp(logit - greatest logit) and never underflows, so that the losses are log(sum) + greatest
 * logit - own logit.
 */
export const softmaxObjective: Objective = ({ tf }, logits, labels) => {
  const probabilities = tf.softmax(logits);
  const greatest: Tensor1D = tf.argMax(logits, 1);
  const logSums: Tensor1D = tf.sub(atColumns(tf, logits, greatest), tf.log(atColumns(tf, probabilities, greatest)));
  return {
    losses: tf.sub(logSums, atColumns(tf, logits, labels)),
    gradient: probabilities,
    ownGradient: tf.sub(atColumns(tf, probabilities, labels), 1),
    correct: countEqual(tf, greatest, labels),
  };
};

/** Logits within this are safe with {@link boundedSoftmaxObjective}: float32 holds their powers, and the sum of 10 million. */
export const logitBound = 70;

/**
 * As {@link softmaxObjective}, of logits from -70 to 70, as cosines times a scale are: their powers are summed as they are, which
 * takes half of the passes over the logits. The division by the sums is left to where there are fewer numbers.
 */
export const boundedSoftmaxObjective: Objective = ({ tf }, logits, labels) => {
  const powers: Tensor2D = tf.exp(logits);
  const sums: Tensor1D = tf.sum(powers, 1);
  const { chances, losses } = labelChances(tf, atColumns(tf, logits, labels), sums);
  return {
    losses,
    gradient: powers,
    sums,
    ownGradient: tf.sub(chances, 1),
    correct: countEqual(tf, tf.argMax(logits, 1), labels),
  };
};

/** softmax at the labels and -log of it, [batch], of their logits and of the sums of the powers of all logits. */
export function labelChances(
  tf: TensorLibrary,
  own: Tensor1D,
  sums: Tensor1D,
): { readonly chances: Tensor1D; readonly losses: Tensor1D } {
  const chances: Tensor1D = tf.div(tf.exp(own), sums);
  // Near 1 the one is exact, near 0 the other.
  const losses = tf.where(tf.greater(chances, 0.5), tf.neg(tf.log(chances)), tf.sub(tf.log(sums), own));
  return { chances, losses: losses as Tensor1D };
}

/** -log softmax(logits) at the label of each sample, and its derivatives. */
export interface CrossEntropy {
  /** [batch]. */
  readonly losses: Tensor1D;
  /** Gradient of each sample's loss with respect to its logits, softmax(logits) - onehot(label): [batch, classes]. */
  readonly gradient: Tensor2D;
  /** How many rows are greatest at their label. */
  readonly correct: Scalar;
}

export function crossEntropy(backend: Backend, logits: Tensor2D, labels: Tensor1D): CrossEntropy {
  const { losses, gradient, ownGradient, correct } = softmaxObjective(backend, logits, labels);
  return { losses, correct, gradient: replaced(backend, gradient, { columns: labels, values: ownGradient }) };
}

function countEqual(tf: TensorLibrary, columns: Tensor1D, labels: Tensor1D): Scalar {
  return tf.sum(tf.cast(tf.equal(columns, labels), 'float32'));
}

/** How many rows are greatest at their label. */
export function countCorrect(tf: TensorLibrary, logits: Tensor2D, labels: Tensor1D): Scalar {
  return countEqual(tf, tf.argMax(logits, 1), labels);
}
