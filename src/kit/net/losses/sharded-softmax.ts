import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import type { TensorLibrary } from '../backends/backend.ts';
import { type ClassShard, overRanks } from './class-shard.ts';
import { type Judged, labelChances } from './cross-entropy.ts';

interface OwnLogits {
  /** Of the labels, wherever their classes are, [batch]. */
  readonly own: Tensor1D;
  /** No logit is so large that its power is not a number of float32: see `logitBound`. */
  readonly isBounded: boolean;
}

/**
 * Softmax and cross-entropy over classes of which `logits`, [batch, classes here], are a part, as `softmaxObjective` over all of
 * them: the greatest logits and the sums of the powers are those of all ranks (Deng et al. 2019, "ArcFace", section 2.4; the
 * `DistCrossEntropy` of arcface_torch).
 */
export function shardedSoftmax(
  at: { readonly tf: TensorLibrary; readonly shard: ClassShard },
  logits: Tensor2D,
  { own, isBounded }: OwnLogits,
): Judged {
  const { tf } = at;
  const greatest: Tensor1D = overRanks(at, 'max', tf.max<Tensor1D>(logits, 1));
  const base: Tensor1D = isBounded ? tf.zerosLike(greatest) : greatest;
  const lowered: Tensor2D = isBounded ? logits : tf.sub(logits, tf.reshape(base, [-1, 1]));
  const powers = tf.exp(lowered);
  const sums: Tensor1D = overRanks(at, 'sum', tf.sum<Tensor1D>(powers, 1));
  const { chances, losses } = labelChances(tf, tf.sub(own, base), sums);
  return {
    losses,
    gradient: powers,
    sums,
    ownGradient: tf.sub(chances, 1),
    correct: tf.sum(tf.cast(tf.greaterEqual(own, greatest), 'float32')),
  };
}
