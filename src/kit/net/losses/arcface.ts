import { arcfaceTarget } from './angular-margin.ts';
import { oneCentreAClass } from './class-cosines.ts';
import type { Loss } from './loss.ts';
import { marginLoss } from './margin-loss.ts';
import { angularMargin, gradient, interclassFilter, type MarginOptions, scale } from './margin-options.ts';

export interface ArcfaceOptions extends MarginOptions {
  readonly margin: number;
  readonly scale: number;
  readonly easyMargin: boolean;
}

/** ArcFace: the angle to the label's centre counts as larger by the margin. */
export const arcface: Loss<ArcfaceOptions> = {
  summary: 'Additive angular margin on normalised embeddings and centres.',
  formula:
    's cos(theta + m) where c > cos(pi - m), else s (c - m sin m); with the easy margin s cos(theta + m) where c > 0, else s c',
  source: 'Deng et al. 2018, "ArcFace", equation 3; beyond pi - m as in the 2018 system',
  index: 4,
  options: {
    margin: angularMargin,
    scale,
    easyMargin: {
      type: 'boolean',
      default: false,
      description: 'Apply the margin only where the angle is below a right angle.',
    },
    interclassFilter,
    gradient,
  },
  ...oneCentreAClass,
  compute: (call, options) =>
    marginLoss(call, {
      ...options,
      margin: ({ cosines }) => ({ targets: cosines.map((cosine) => arcfaceTarget(cosine, options)) }),
    }),
};
