import type { Schedule } from './schedule.ts';

export interface PolynomialOptions {
  readonly power: number;
}

/** rate (1 - progress)^power: with power 1 the schedule of arcface_torch's recipes. */
export const polynomial: Schedule<PolynomialOptions> = {
  summary: 'The learning rate falls to 0 as a power of the share of batches that are left.',
  options: {
    power: { type: 'number', exclusiveMinimum: 0, default: 1, description: '1: linearly; 2: as a parabola.' },
  },
  rate: (rate, { progress }, { power }) => rate * (1 - progress) ** power,
};
