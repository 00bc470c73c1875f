import { angleOf } from './angular-margin.ts';
import { oneCentreAClass } from './class-cosines.ts';
import type { Loss } from './loss.ts';
import { marginLoss, type MarginTarget } from './margin-loss.ts';
import { gradient, interclassFilter, type MarginOptions, scale } from './margin-options.ts';

export interface CombinedOptions extends MarginOptions {
  readonly angleFactor: number;
  readonly angularMargin: number;
  readonly cosineMargin: number;
  readonly scale: number;
}

/**
 * The combined margin: m1 multiplies the angle, m2 is added to it, m3 taken off the cosine. The 2018 system ignores
 * negative margins in silence and does not keep the cosine away from 1, where the gradient is infinite.
 */
export const combined: Loss<CombinedOptions> = {
  summary: 'Multiplicative, additive angular and additive cosine margin together.',
  formula: 's (cos(m1 theta + m2) - m3), also where m1 theta + m2 is beyond pi',
  source: 'Deng et al. 2018, "ArcFace", equation 4',
  index: 5,
  options: {
    angleFactor: {
      type: 'number',
      exclusiveMinimum: 0,
      default: 1,
      description: 'm1 (--margin-a): factor of the angle.',
    },
    angularMargin: {
      type: 'number',
      minimum: 0,
      default: 0.5,
      description: 'm2 (--margin-m), in radians; for CosineFace alone it has to be 0.',
    },
    cosineMargin: {
      type: 'number',
      exclusiveMinimum: -1,
      default: 0,
      description:
        'm3 (--margin-b): taken off the cosine; below 0 it is added, which the 2018 system does only where it stands alone.',
    },
    scale,
    interclassFilter,
    gradient,
  },
  ...oneCentreAClass,
  compute: (call, options) =>
    marginLoss(call, {
      ...options,
      margin: ({ cosines }) => ({ targets: cosines.map((cosine) => combinedTarget(cosine, options)) }),
    }),
};

export function combinedTarget(
  cosine: number,
  { angleFactor, angularMargin, cosineMargin }: Omit<CombinedOptions, keyof MarginOptions | 'scale'>,
): Required<Pick<MarginTarget, 'value' | 'slope'>> {
  // As there: the angle is not taken where nothing happens to it.
  if (angleFactor === 1 && angularMargin === 0) return { value: cosine - cosineMargin, slope: 1 };
  const { angle, slope } = angleOf(cosine);
  const changed = angleFactor * angle + angularMargin;
  return { value: Math.cos(changed) - cosineMargin, slope: -Math.sin(changed) * angleFactor * slope };
}
