import type { Schedule } from './schedule.ts';

export interface StepsOptions {
  readonly steps: readonly number[];
}

/** A tenth after each of some batches, as in the 2018 system. */
export const steps: Schedule<StepsOptions> = {
  summary: 'The learning rate falls to a tenth after given batches.',
  options: {
    steps: {
      type: 'array',
      items: { type: 'integer', minimum: 1 },
      default: [],
      description: 'Batches after which the learning rate is multiplied by 0.1.',
    },
  },
  // Divided, not multiplied by 0.1 ** drops: 0.1 / 10 is 0.01, and 0.1 * 0.1 is not.
  rate: (rate, { step }, options) => rate / 10 ** options.steps.filter((drop) => drop < step).length,
};
