import { oneCentreAClass } from './class-cosines.ts';
import type { Loss } from './loss.ts';
import { marginLoss } from './margin-loss.ts';
import { interclassFilter, type MarginOptions, scale } from './margin-options.ts';

export interface CosfaceOptions extends Omit<MarginOptions, 'gradient'> {
  readonly margin: number;
  readonly scale: number;
}

/** CosineFace ("AM-softmax"): the label's cosine counts as smaller by the margin. Its derivative is 1 by any rule. */
export const cosface: Loss<CosfaceOptions> = {
  summary: 'Additive cosine margin on normalised embeddings and centres.',
  formula: 's (c - m)',
  source: 'Wang et al. 2018, "CosFace", equation 4',
  index: 2,
  options: {
    margin: {
      type: 'number',
      exclusiveMinimum: 0,
      default: 0.35,
      description: "Taken off the label's cosine.",
    },
    scale,
    interclassFilter,
  },
  ...oneCentreAClass,
  compute: (call, options) =>
    marginLoss(call, {
      ...options,
      margin: ({ cosines }) => ({ targets: cosines.map((cosine) => ({ value: cosine - options.margin })) }),
    }),
};
