import type { Tensor2D } from '@tensorflow/tfjs-core';
import type { TensorLibrary } from '../backends/backend.ts';
import { vectorOf } from '../backends/tensors.ts';
import { arcfaceTarget, shiftedCosine } from './angular-margin.ts';
import { classCentres, ownCentres, stateOf } from './class-cosines.ts';
import type { Loss } from './loss.ts';
import { marginLoss, type Negatives } from './margin-loss.ts';
import { angularMargin, gradient, interclassFilter, type MarginOptions, scale } from './margin-options.ts';

export interface CurricularfaceOptions extends MarginOptions {
  readonly margin: number;
  readonly averageRate: number;
  readonly scale: number;
}

/**
 * CurricularFace: cosines with other classes that exceed the label's with its margin are hard, and count the more the
 * further the training is: t, a running mean of the labels' cosines, is moved by the batch before it is used, as in its
 * authors' program. `straight-through` is about the margin; hard cosines have their exact derivative, t + 2 c_j.
 */
export const curricularface: Loss<CurricularfaceOptions> = {
  summary: 'ArcFace in which hard negatives weigh the more the further the training is.',
  formula:
    'the label as arcface; s c_j (t + c_j) where c_j > cos(theta + m), else s c_j; t = rate mean(c) + (1 - rate) t, t = 0 at first',
  source: 'Huang et al. 2020, "CurricularFace", equations 4 to 6 and 10',
  options: {
    margin: angularMargin,
    averageRate: {
      type: 'number',
      minimum: 0,
      maximum: 1,
      default: 0.01,
      description: "Share of a batch in t, the running mean of the labels' cosines.",
    },
    scale,
    interclassFilter,
    gradient,
  },
  arrays: (sizes) => [...classCentres(sizes), { name: 'cosine_mean', shape: [], initial: 0, role: 'state' }],
  rowsPerClass: () => 1,
  reads: (call) => ({ ...ownCentres(call), ...stateOf(call, ['cosine_mean']) }),
  compute: (call, options) => {
    const before = call.read['cosine_mean']?.[0] ?? NaN;
    return marginLoss(call, {
      ...options,
      margin({ cosines }) {
        const { margin, scale, averageRate } = options;
        const own = cosines.reduce((sum, cosine) => sum + cosine, 0) / cosines.length;
        const t = averageRate * own + (1 - averageRate) * before;
        const limits = cosines.map((cosine) => scale * shiftedCosine(cosine, margin).value);
        return {
          targets: cosines.map((cosine) => arcfaceTarget(cosine, { margin, easyMargin: false })),
          negatives: (scaled) => weighted(call.backend.tf, scaled, { limits, scale, t }),
          state: { cosine_mean: t },
          figures: { cosineMean: t },
        };
      },
    });
  },
};

/** z (t + z / s) of the logits above the limits of their rows. */
function weighted(
  tf: TensorLibrary,
  scaled: Tensor2D,
  { limits, scale, t }: { readonly limits: readonly number[]; readonly scale: number; readonly t: number },
): Negatives {
  const isHard = tf.greater<Tensor2D>(scaled, tf.reshape(vectorOf(tf, limits), [-1, 1]));
  const raised: Tensor2D = tf.add(tf.mul(scaled, 1 / scale), t);
  const weights: Tensor2D = tf.where(isHard, raised, 1);
  return {
    values: tf.mul(scaled, weights),
    // t + 2 c = 2 (t + c) - t.
    backward: (gradient) => tf.mul(gradient, tf.where(isHard, tf.sub(tf.mul(weights, 2), t), 1)),
  };
}
