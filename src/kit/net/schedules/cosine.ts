import type { Schedule } from './schedule.ts';

export interface CosineOptions {
  readonly finalShare: number;
}

/** Half a period of a cosine (Loshchilov and Hutter 2017, equation 5, without restarts). */
export const cosine: Schedule<CosineOptions> = {
  summary: 'The learning rate falls along half a period of a cosine.',
  options: {
    finalShare: {
      type: 'number',
      minimum: 0,
      exclusiveMaximum: 1,
      default: 0,
      description: 'Share of the learning rate to which it falls.',
    },
  },
  rate: (rate, { progress }, { finalShare }) =>
    rate * (finalShare + ((1 - finalShare) * (1 + Math.cos(Math.PI * progress))) / 2),
};
