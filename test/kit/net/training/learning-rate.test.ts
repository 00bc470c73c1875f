import { describe, expect, it } from 'vitest';
import { learningRateAt } from '../../../../src/kit/net/training/learning-rate.ts';

describe('learningRateAt', () => {
  it('drops after the steps of the schedule, not at them', () => {
    const schedule = { learningRate: 0.1, steps: [10, 14], warmupSteps: 0 };
    const rates = [1, 10, 11, 14, 15].map((step) => learningRateAt(schedule, step));
    expect(rates).toEqual([0.1, 0.1, 0.01, 0.01, 0.001]);
  });

  it('rises linearly while it warms up', () => {
    const schedule = { learningRate: 0.4, steps: [], warmupSteps: 4 };
    expect([1, 2, 4, 5].map((step) => learningRateAt(schedule, step))).toEqual([0.1, 0.2, 0.4, 0.4]);
  });
});
