import { oneCentreAClass } from './class-cosines.ts';
import { combinedTarget } from './combined.ts';
import type { Loss } from './loss.ts';
import { marginLoss } from './margin-loss.ts';
import { gradient, interclassFilter, type MarginOptions, scale } from './margin-options.ts';

export interface MultipliedAngleOptions extends MarginOptions {
  readonly factor: number;
  readonly scale: number;
}

/** SphereFace's margin on normalised embeddings, with a factor that need not be whole and without its monotonic extension. */
export const multipliedAngle: Loss<MultipliedAngleOptions> = {
  summary: "The label's angle counts as multiplied.",
  formula: 's cos(m theta), also where m theta is beyond pi',
  source: 'the 2018 system; the margin of Liu et al. 2017, "SphereFace", equation 6',
  index: 3,
  options: {
    factor: { type: 'number', exclusiveMinimum: 1, default: 1.5, description: 'm (--margin-m): factor of the angle.' },
    scale,
    interclassFilter,
    gradient,
  },
  ...oneCentreAClass,
  compute: (call, options) => {
    const margins = { angleFactor: options.factor, angularMargin: 0, cosineMargin: 0 };
    const margin = ({ cosines }: { readonly cosines: readonly number[] }) => ({
      targets: cosines.map((cosine) => combinedTarget(cosine, margins)),
    });
    return marginLoss(call, { ...options, margin });
  },
};
