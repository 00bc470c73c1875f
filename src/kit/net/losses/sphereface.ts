import { oneCentreAClass } from './class-cosines.ts';
import type { Loss } from './loss.ts';
import { marginLoss, type MarginTarget } from './margin-loss.ts';
import { gradient, interclassFilter, type MarginOptions } from './margin-options.ts';

export interface SpherefaceOptions extends MarginOptions {
  readonly margin: number;
  readonly lambdaStart: number;
  readonly lambdaLeast: number;
  readonly lambdaFreezeSteps: number;
  readonly lambdaGamma: number;
  readonly lambdaPower: number;
}

/**
 * SphereFace: embeddings keep their norms, centres are normalized, and the label's angle counts as multiplied. Lambda
 * ("beta" in the 2018 system) mixes in the plain product, ever less of it.
 */
export const sphereface: Loss<SpherefaceOptions> = {
  summary: 'Multiplicative angular margin, annealed from a plain softmax over normalised centres.',
  formula:
    '|e| (psi(theta) + lambda c) / (1 + lambda), psi = (-1)^k cos(m theta) - 2 k for theta in [k pi / m, (k + 1) pi / m]; ' +
    'lambda = max(least, start (1 + gamma (t - freeze))^-power) after t steps, start before freeze',
  source: 'Liu et al. 2017, "SphereFace", equation 7; annealing of its authors\' program, as in the 2018 system',
  index: 1,
  options: {
    margin: {
      type: 'integer',
      minimum: 1,
      maximum: 100,
      default: 4,
      description: 'm (--margin): factor of the angle.',
    },
    lambdaStart: { type: 'number', minimum: 0, default: 1000, description: 'Lambda of the first steps (--beta).' },
    lambdaLeast: { type: 'number', minimum: 0, default: 5, description: 'Lambda does not fall below (--beta-min).' },
    lambdaFreezeSteps: {
      type: 'integer',
      minimum: 0,
      default: 0,
      description:
        'Steps before lambda begins to fall (--beta-freeze). The 2018 system sets 5000, and lambdaGamma 0.06, above 20,000 identities.',
    },
    lambdaGamma: { type: 'number', minimum: 0, default: 0.12, description: 'How fast lambda falls (--gamma).' },
    lambdaPower: { type: 'number', minimum: 0, default: 1, description: 'Exponent of the fall (--power).' },
    interclassFilter,
    gradient,
  },
  ...oneCentreAClass,
  compute: (call, options) => {
    const lambda = lambdaAt(call.step, options);
    return marginLoss(call, {
      ...options,
      scale: 'norm',
      margin: ({ cosines }) => ({
        targets: cosines.map((cosine) => annealed(cosine, options.margin, lambda)),
        figures: { lambda },
      }),
    });
  },
};

/** Lambda in a step, counted from 1: a function of the steps before it. */
export function lambdaAt(
  step: number,
  {
    lambdaStart,
    lambdaLeast,
    lambdaFreezeSteps,
    lambdaGamma,
    lambdaPower,
  }: Omit<SpherefaceOptions, keyof MarginOptions | 'margin'>,
): number {
  const falling = step - 1 - lambdaFreezeSteps;
  if (falling <= 0) return lambdaStart;
  return Math.max(lambdaLeast, lambdaStart * (1 + lambdaGamma * falling) ** -lambdaPower);
}

function annealed(cosine: number, margin: number, lambda: number): MarginTarget {
  const psi = extendedCosine(cosine, margin);
  return { value: (psi.value + lambda * cosine) / (1 + lambda), slope: (psi.slope + lambda) / (1 + lambda) };
}

/** psi of a cosine: cos(m theta), continued so that it falls from 1 to 1 - 2 m over the half turn. */
export function extendedCosine(cosine: number, factor: number): Required<Pick<MarginTarget, 'value' | 'slope'>> {
  const clamped = Math.min(1, Math.max(-1, cosine));
  // Chebyshev's polynomials: cos(m theta), and sin(m theta) / sin(theta), which stays finite at both ends.
  let [before, now, sinesBefore, sines] = [1, clamped, 0, 1];
  for (let multiple = 1; multiple < factor; multiple += 1) {
    [before, now] = [now, 2 * clamped * now - before];
    [sinesBefore, sines] = [sines, 2 * clamped * sines - sinesBefore];
  }
  const turn = Math.min(factor - 1, Math.floor((factor * Math.acos(clamped)) / Math.PI));
  const sign = turn % 2 === 0 ? 1 : -1;
  return { value: sign * now - 2 * turn, slope: sign * factor * sines };
}
