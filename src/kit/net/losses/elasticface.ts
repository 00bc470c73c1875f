import type { Random } from '../../../core/random.ts';
import { shiftedCosine } from './angular-margin.ts';
import { oneCentreAClass } from './class-cosines.ts';
import type { Loss } from './loss.ts';
import { marginLoss } from './margin-loss.ts';
import { gradient, interclassFilter, type MarginOptions, scale, marginFigures } from './margin-options.ts';

export interface ElasticfaceOptions extends MarginOptions {
  readonly form: 'arc' | 'cos';
  readonly margin: number;
  readonly deviation: number;
  readonly hardestFirst: boolean;
  readonly scale: number;
}

/** ElasticFace: every sample has a margin of its own, drawn from a normal distribution. */
export const elasticface: Loss<ElasticfaceOptions> = {
  summary: 'Margins that are drawn for each sample, so that classes may keep different distances.',
  formula:
    'arc: s cos(theta + E), also beyond pi; cos: s (c - E); E normal with mean m and deviation sigma, one of each sample',
  source: 'Boutros et al. 2022, "ElasticFace", equations 5 to 8',
  options: {
    form: {
      enum: ['arc', 'cos'],
      default: 'arc',
      description: 'Margin of the angle, or of the cosine (margin 0.35 in the paper).',
    },
    margin: { type: 'number', minimum: 0, default: 0.5, description: 'm: mean of the margins.' },
    deviation: { type: 'number', minimum: 0, default: 0.0125, description: 'sigma: deviation of the margins.' },
    hardestFirst: {
      type: 'boolean',
      default: false,
      description:
        'ElasticFace+: the sample with the smallest cosine gets the largest of the margins drawn, and so on.',
    },
    scale,
    interclassFilter,
    gradient,
  },
  ...oneCentreAClass,
  compute: (call, options) =>
    marginLoss(call, {
      ...options,
      margin: ({ cosines }) => {
        const margins = drawMargins(cosines, call.random, options);
        return {
          targets: cosines.map((cosine, at) => {
            const margin = margins[at] ?? NaN;
            return options.form === 'arc' ? shiftedCosine(cosine, margin) : { value: cosine - margin };
          }),
          figures: marginFigures(margins),
        };
      },
    }),
};

/** The margin of each sample. */
function drawMargins(
  cosines: readonly number[],
  random: Random,
  { margin, deviation, hardestFirst }: Pick<ElasticfaceOptions, 'margin' | 'deviation' | 'hardestFirst'>,
): readonly number[] {
  const drawn = cosines.map(() => margin + deviation * random.normal());
  if (!hardestFirst) return drawn;
  const falling = drawn.toSorted((a, b) => b - a);
  const hardest = [...cosines.keys()].sort((a, b) => (cosines[a] ?? NaN) - (cosines[b] ?? NaN));
  return cosines.map((_, sample) => falling[hardest.indexOf(sample)] ?? NaN);
}
