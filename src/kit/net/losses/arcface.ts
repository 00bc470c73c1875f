import type { Tensor1D } from '@tensorflow/tfjs-core';
import type { TensorLibrary } from '../backends/backend.ts';
import type { Loss } from './loss.ts';
import { classCentres, marginLoss, type MarginTarget } from './margin-loss.ts';

export interface ArcfaceOptions {
  readonly margin: number;
  readonly scale: number;
  readonly easyMargin: boolean;
}

/** The cosine is kept this far from 1 and -1: at 1 its gradient is infinite, and rounding above 1 would make it NaN. */
const clearance = 1e-7;

/** ArcFace (Deng et al. 2018, equation 3): the angle to the label's centre counts as larger by the margin. */
export const arcface: Loss<ArcfaceOptions> = {
  summary: 'Additive angular margin on normalised embeddings and centres.',
  options: {
    margin: {
      type: 'number',
      minimum: 0,
      exclusiveMaximum: 1.5707963267948966,
      default: 0.5,
      description: 'Additive angular margin in radians.',
    },
    scale: { type: 'number', exclusiveMinimum: 0, default: 64, description: 'Factor of the cosines.' },
    easyMargin: {
      type: 'boolean',
      default: false,
      description: 'Apply the margin only where the angle is below a right angle.',
    },
  },
  arrays: classCentres,
  compute: (call, options) =>
    marginLoss(call, {
      scale: options.scale,
      target: (cosine) => arcfaceTarget(call.backend.tf, cosine, options),
    }),
};

/**
 * The label's cosine with the margin: cos(theta + m) while theta + m < pi (easy margin: while theta < pi / 2), beyond
 * that cos(theta) - m sin(m) (easy margin: unchanged), so that it falls with the angle everywhere.
 */
export function arcfaceTarget(
  tf: TensorLibrary,
  cosine: Tensor1D,
  { margin, easyMargin }: Pick<ArcfaceOptions, 'margin' | 'easyMargin'>,
): Required<MarginTarget> {
  const clamped = tf.clipByValue(cosine, -1 + clearance, 1 - clearance);
  const sine = tf.sqrt(tf.sub(1, tf.square(clamped)));
  const isWithin = tf.greater(cosine, easyMargin ? 0 : -Math.cos(margin));
  const shifted = tf.sub(tf.mul(clamped, Math.cos(margin)), tf.mul(sine, Math.sin(margin)));
  const beyond = easyMargin ? cosine : tf.sub(cosine, margin * Math.sin(margin));
  // d cos(theta + m) / d cos(theta) = cos m + cos(theta) sin(m) / sin(theta).
  const slope = tf.add(tf.mul(tf.div(clamped, sine), Math.sin(margin)), Math.cos(margin));
  return { value: tf.where(isWithin, shifted, beyond), slope: tf.where(isWithin, slope, tf.onesLike(slope)) };
}
