import { expect, it } from 'vitest';
import { requireSteps } from '../../../stages/train/schedule-steps.ts';
import { printedFailure } from '../../kit/dataset/tiny-faces.ts';

/** The first line; a hint that several share is printed once. */
const refused = (step: number): string =>
  `step-beyond-end: "schedule.steps" names step ${step}, and the training ends with step 140000: the learning rate would not fall there`;

it('refuses each step of the schedule at which no training is left, and no other', async () => {
  const length = { maxSteps: 140_000, warmupSteps: 0 };
  expect(
    await printedFailure(() => {
      requireSteps({ batch: 1, schedule: { ...length, steps: [100_000, 139_999, 140_000, 160_000] } });
    }),
  ).toBe(`${refused(140_000)}\n\n${refused(160_000)}\n  Raise schedule.maxSteps, or leave the step out.`);
  requireSteps({ batch: 1, schedule: { ...length, steps: [100_000, 139_999] } });
  requireSteps({ batch: 1, schedule: { ...length, name: 'cosine', finalShare: 0 } });
});

it('refuses a warm-up that is longer than the training', async () => {
  const schedule = { maxSteps: 3, warmupSteps: 10, steps: [] };
  expect(
    await printedFailure(() => {
      requireSteps({ batch: 1, schedule });
    }),
  ).toBe(
    'step-beyond-end: "schedule.warmupSteps" is 10, and the training ends with step 3: the learning rate would never be reached\n  Raise schedule.maxSteps, or warm up for fewer steps.',
  );
  requireSteps({ batch: 1, schedule: { ...schedule, warmupSteps: 3 } });
});
