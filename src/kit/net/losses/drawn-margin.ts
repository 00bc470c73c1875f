import { shiftedCosine } from './angular-margin.ts';
import { oneCentreAClass } from './class-cosines.ts';
import type { Loss } from './loss.ts';
import { marginLoss } from './margin-loss.ts';
import { gradient, interclassFilter, type MarginOptions, requireRising, scale } from './margin-options.ts';

export interface DrawnMarginOptions extends MarginOptions {
  readonly least: number;
  readonly greatest: number;
  readonly scale: number;
}

/** Loss type 7 of the 2018 system: one margin for all samples of a batch, drawn evenly. */
export const drawnMargin: Loss<DrawnMarginOptions> = {
  summary: 'Additive angular margin that is drawn for every batch.',
  formula: 's cos(theta + m), m uniform between a and b, also where theta + m is beyond pi',
  source: 'the 2018 system',
  index: 7,
  options: {
    least: { type: 'number', minimum: 0, default: 0, description: 'a (--margin-a): the least margin, in radians.' },
    greatest: {
      type: 'number',
      minimum: 0,
      default: 0.5,
      description: 'b (--margin-m): the greatest margin, in radians.',
    },
    scale,
    interclassFilter,
    gradient,
  },
  requireOptions({ least, greatest }) {
    requireRising({ low: 'least', least, high: 'greatest', greatest, mayBeEqual: true });
  },
  ...oneCentreAClass,
  compute: (call, options) => {
    const drawn = call.random.uniform(options.least, options.greatest);
    return marginLoss(call, {
      ...options,
      margin: ({ cosines }) => ({
        targets: cosines.map((cosine) => shiftedCosine(cosine, drawn)),
        figures: { margin: drawn },
      }),
    });
  },
};
