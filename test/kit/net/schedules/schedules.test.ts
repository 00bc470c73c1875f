import { describe, expect, it } from 'vitest';
import { learningRateAt, type ScheduleChoice, schedules } from '../../../../src/kit/net/schedules/index.ts';

const length = { maxSteps: 20, warmupSteps: 0 };

function rates(learningRate: number, choice: ScheduleChoice, steps: readonly number[]): number[] {
  return steps.map((step) => learningRateAt(learningRate, choice, step));
}

describe('learningRateAt', () => {
  it('drops after the steps of the schedule, not at them', () => {
    const choice = { ...length, steps: [10, 14] };
    expect(rates(0.1, choice, [1, 10, 11, 14, 15])).toEqual([0.1, 0.1, 0.01, 0.01, 0.001]);
    expect(rates(0.1, { ...choice, name: 'steps' }, [10, 11])).toEqual([0.1, 0.01]);
  });

  it.each([{ steps: [] }, { name: 'polynomial', power: 1 }, { name: 'cosine', finalShare: 0 }] as const)(
    'rises linearly while it warms up, and has its full value right after: %o',
    (choice) => {
      expect(rates(0.4, { ...length, warmupSteps: 4, ...choice }, [1, 2, 4, 5])).toEqual([0.1, 0.2, 0.4, 0.4]);
    },
  );

  it('falls to 0 as a power of the batches that are left, which is never 0', () => {
    const choice = { name: 'polynomial', maxSteps: 6, warmupSteps: 2, power: 2 } as const;
    expect(rates(16, choice, [3, 4, 5, 6])).toEqual([16, 9, 4, 1]);
  });

  it('falls along half a cosine to a share of itself', () => {
    const choice = { name: 'cosine', maxSteps: 4, warmupSteps: 0, finalShare: 0.2 } as const;
    const found = rates(1, choice, [1, 3, 5]);
    expect(found[0]).toBe(1);
    expect(found[1]).toBeCloseTo(0.6, 12);
    // Beyond the last batch it stays.
    expect(found[2]).toBeCloseTo(0.2, 12);
  });

  it('does not divide by zero where the warm-up is the whole training', () => {
    const choice = { name: 'cosine', maxSteps: 2, warmupSteps: 2, finalShare: 0 } as const;
    expect(rates(1, choice, [1, 2])).toEqual([0.5, 1]);
  });

  it.each(Object.entries(schedules))('%s has a default for each option', (_, { options }) => {
    for (const schema of Object.values<object>(options)) expect(schema).toHaveProperty('default');
  });
});
