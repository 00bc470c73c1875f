import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import { required } from '../backends/tensors.ts';
import { classCentres, ownCentres, stateOf } from './class-cosines.ts';
import { countCorrect, type Objective } from './cross-entropy.ts';
import { atColumns, replaced } from './label-entries.ts';
import type { Loss } from './loss.ts';
import { marginLoss } from './margin-loss.ts';
import { interclassFilter, type MarginOptions, scale } from './margin-options.ts';

export interface UnifaceOptions extends Omit<MarginOptions, 'gradient'> {
  readonly margin: number;
  readonly negativeWeight: number;
  readonly biasFactor: number;
  readonly scale: number;
}

/** UniFace: every cosine is judged by itself against one threshold that is learnt, b / s, as verification will do. */
export const uniface: Loss<UnifaceOptions> = {
  summary: 'Each cosine against one learnt threshold, which fits verification.',
  formula:
    'mean of log(1 + exp(-(s (c - m) - b))) + l (sum over j other than the label of log(1 + exp(s c_j - b))), ' +
    'exponents clipped to -s..s; b is learnt, b = log(10 r classes) at first',
  source: 'Zhou et al. 2023, "UniFace", equation 12',
  options: {
    margin: { type: 'number', minimum: 0, default: 0.4, description: "m: taken off the label's cosine." },
    negativeWeight: { type: 'number', minimum: 0, default: 1, description: 'l: weight of the other classes.' },
    biasFactor: { type: 'number', exclusiveMinimum: 0, default: 1, description: 'r, in the first value of the bias.' },
    scale,
    interclassFilter,
  },
  arrays: (sizes, { biasFactor }) => [
    ...classCentres(sizes),
    { name: 'threshold_bias', shape: [], initial: Math.log(10 * biasFactor * sizes.classes), role: 'trained' },
  ],
  reads: (call) => ({ ...ownCentres(call), ...stateOf(call, ['threshold_bias']) }),
  compute: (call, options) => {
    const bias = call.read['threshold_bias']?.[0] ?? NaN;
    return marginLoss(call, {
      ...options,
      margin: ({ cosines }) => ({
        targets: cosines.map((cosine) => ({ value: cosine - options.margin })),
        // The cosine from which on two count as one.
        figures: { threshold: bias / options.scale },
      }),
      objective: binaryObjective(required(call.arrays['threshold_bias'], 'threshold_bias'), options),
    });
  },
};

/** Sum over all classes of the logistic losses of being the label or not. */
function binaryObjective(bias: Tensor, { scale, negativeWeight }: UnifaceOptions): Objective {
  return (backend, logits, labels) => {
    const { tf } = backend;
    const away: Tensor2D = tf.sub(logits, bias);
    const clipped: Tensor2D = tf.clipByValue(away, -scale, scale);
    const isFree = (of: Tensor): Tensor => tf.cast(tf.lessEqual(tf.abs(of), scale), 'float32');
    const own = atColumns(tf, away, labels);
    const ownClipped = tf.clipByValue(own, -scale, scale);
    const none = { columns: labels, values: tf.zerosLike(own) };
    const negatives = replaced(backend, tf.softplus(clipped), none);
    const chances = replaced(backend, tf.mul(tf.sigmoid(clipped), isFree(away)), none);
    const gradient: Tensor2D = tf.mul(chances, negativeWeight);
    const ownGradient: Tensor1D = tf.mul(tf.neg(tf.sigmoid(tf.neg(ownClipped))), isFree(own));
    const byBias = tf.neg(tf.add(tf.sum(ownGradient), tf.sum(gradient)));
    return {
      losses: tf.add(tf.softplus(tf.neg(ownClipped)), tf.mul(tf.sum(negatives, 1), negativeWeight)),
      gradient,
      ownGradient,
      correct: countCorrect(tf, logits, labels),
      gradients: { threshold_bias: { values: tf.div(byBias, labels.size) } },
    };
  };
}
