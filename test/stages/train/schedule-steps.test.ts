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

it('names what is scaled as it is written, and refuses what has less than one step of the training', async () => {
  const scaled = (schedule: object): Promise<string> =>
    printedFailure(() => {
      requireSteps({ batch: 4, schedule: { maxSteps: 100, warmupSteps: 0, steps: [], scaleFrom: 8, ...schedule } });
    });
  expect(await scaled({ steps: [99, 100] })).toBe(
    'step-beyond-end: "schedule.steps" names step 100, and the training ends with step 100, both in steps of 8 images: the learning rate would not fall there\n  Raise schedule.maxSteps, or leave the step out.',
  );
  expect(await scaled({ warmupSteps: 101 })).toContain(
    '"schedule.warmupSteps" is 101, and the training ends with step 100, both in steps of 8 images: the',
  );
  const lost = (parameter: string, steps: number): string =>
    `less-than-one-step: "${parameter}" has ${steps}, counted in steps of 1 images (scaleFrom): less than one step of 4, which this training takes`;
  const hint = '\n  Raise it, or write the schedule in steps of the training, without schedule.scaleFrom.';
  expect(await scaled({ scaleFrom: 1, maxSteps: 3, steps: [1] })).toBe(
    `${lost('schedule.maxSteps', 3)}\n\n${lost('schedule.steps', 1)}${hint}`,
  );
  expect(await scaled({ scaleFrom: 1, warmupSteps: 3 })).toBe(`${lost('schedule.warmupSteps', 3)}${hint}`);
  requireSteps({ batch: 4, schedule: { maxSteps: 9, warmupSteps: 4, steps: [4], scaleFrom: 1 } });
});
