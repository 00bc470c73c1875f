import { arcfaceTarget } from './angular-margin.ts';
import { oneCentreAClass } from './class-cosines.ts';
import type { Loss } from './loss.ts';
import { marginLoss, type MarginBatch, type MarginOutcome } from './margin-loss.ts';
import {
  gradient,
  interclassFilter,
  type MarginOptions,
  scale,
  marginFigures,
  requireRising,
} from './margin-options.ts';

export interface MagfaceOptions extends MarginOptions {
  readonly leastNorm: number;
  readonly greatestNorm: number;
  readonly leastMargin: number;
  readonly greatestMargin: number;
  readonly normWeight: number;
  readonly easyMargin: boolean;
  readonly scale: number;
}

/**
 * MagFace: the margin grows with the norm of the embedding, and a penalty pulls norms up, so that they come to tell the
 * quality of the image. The derivative passes to the norm through both.
 */
export const magface: Loss<MagfaceOptions> = {
  summary: 'Angular margin that grows with the norm of the embedding, and a penalty of small norms.',
  formula:
    's cos(theta + m(a)) where c > 0, else s c (without the easy margin as arcface), m(a) linear from l_m to u_m, ' +
    'a = clip(|e|, l_a, u_a); plus lambda_g mean(a / u_a^2 + 1 / a)',
  source: 'Meng et al. 2021, "MagFace", equations 3 to 5',
  options: {
    leastNorm: { type: 'number', exclusiveMinimum: 0, default: 10, description: 'l_a: smaller norms count as this.' },
    greatestNorm: {
      type: 'number',
      exclusiveMinimum: 0,
      default: 110,
      description: 'u_a: greater norms count as this.',
    },
    leastMargin: {
      type: 'number',
      minimum: 0,
      default: 0.45,
      description: 'l_m: margin at the least norm, in radians.',
    },
    greatestMargin: {
      type: 'number',
      minimum: 0,
      default: 0.8,
      description: 'u_m: margin at the greatest norm, in radians.',
    },
    normWeight: { type: 'number', minimum: 0, default: 35, description: 'lambda_g: weight of the penalty.' },
    easyMargin: {
      type: 'boolean',
      default: true,
      description: 'Apply the margin only where the angle is below a right angle.',
    },
    scale,
    interclassFilter,
    gradient,
  },
  requireOptions({ leastNorm, greatestNorm, leastMargin, greatestMargin }) {
    requireRising({
      low: 'leastNorm',
      least: leastNorm,
      high: 'greatestNorm',
      greatest: greatestNorm,
      mayBeEqual: false,
    });
    requireRising({
      low: 'leastMargin',
      least: leastMargin,
      high: 'greatestMargin',
      greatest: greatestMargin,
      mayBeEqual: true,
    });
  },
  ...oneCentreAClass,
  compute: (call, options) => marginLoss(call, { ...options, margin: (batch) => magfaceOutcome(batch, options) }),
};

function magfaceOutcome(
  { cosines, norms }: MarginBatch,
  { leastNorm, greatestNorm, leastMargin, greatestMargin, normWeight, easyMargin }: MagfaceOptions,
): MarginOutcome {
  const growth = (greatestMargin - leastMargin) / (greatestNorm - leastNorm);
  const rows = norms.map((norm, at) => {
    const counted = Math.min(greatestNorm, Math.max(leastNorm, norm));
    const isWithin = counted === norm ? 1 : 0;
    const margin = leastMargin + growth * (counted - leastNorm);
    const { value, slope, marginSlope } = arcfaceTarget(cosines[at] ?? NaN, { margin, easyMargin });
    return {
      margin,
      target: { value, slope, normSlope: marginSlope * growth * isWithin },
      penalty: {
        value: normWeight * (counted / greatestNorm ** 2 + 1 / counted),
        normSlope: normWeight * (1 / greatestNorm ** 2 - 1 / counted ** 2) * isWithin,
      },
    };
  });
  return {
    targets: rows.map(({ target }) => target),
    penalties: rows.map(({ penalty }) => penalty),
    figures: {
      ...marginFigures(rows.map(({ margin }) => margin)),
      norm: norms.reduce((sum, norm) => sum + norm, 0) / norms.length,
    },
  };
}
