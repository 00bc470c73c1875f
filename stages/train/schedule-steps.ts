import { fail, throwIfAny } from '../../src/core/failure.ts';
import { scaledSchedule, type ScheduleChoice } from '../../src/kit/net/schedules/index.ts';
import type { Params } from './contract.ts';
import { failures } from './failures.ts';

type Steps = Pick<Params, 'schedule' | 'batch' | 'accumulate'>;

/** The schedule in steps of this training. */
export function scheduleOf({ schedule, batch, accumulate = 1 }: Steps): ScheduleChoice {
  return scaledSchedule(schedule, batch * accumulate);
}

/**
 * Fails with `step-beyond-end` where the learning rate is to fall once there is no step any more, or to rise until after the last one,
 * and with `less-than-one-step` where nothing is left of a number that is scaled. All are named as they are written.
 */
export function requireSteps(params: Steps): void {
  const { schedule: written } = params;
  const schedule = scheduleOf(params);
  const drops = 'steps' in written ? written.steps : [];
  requireWholeSteps(params, drops);
  const scaled = written.scaleFrom !== undefined ? `, both in steps of ${written.scaleFrom} images` : undefined;
  const facts = { maxSteps: written.maxSteps, scaled };
  if (schedule.warmupSteps > schedule.maxSteps) {
    fail(failures.warmupBeyondEnd({ warmupSteps: written.warmupSteps, ...facts }));
  }
  const steps = 'steps' in schedule ? schedule.steps : [];
  const beyond = drops.filter((_, index) => (steps[index] ?? 0) >= schedule.maxSteps);
  throwIfAny(beyond.map((step) => failures.stepBeyondEnd({ step, ...facts })));
}

function requireWholeSteps({ schedule, batch, accumulate = 1 }: Steps, drops: readonly number[]): void {
  const { scaleFrom, maxSteps, warmupSteps } = schedule;
  if (scaleFrom === undefined) return;
  const images = batch * accumulate;
  const counts = [
    ['schedule.maxSteps', maxSteps],
    ['schedule.warmupSteps', warmupSteps],
    ...drops.map((step) => ['schedule.steps', step] as const),
  ] as const;
  const lost = counts.filter(([, steps]) => steps > 0 && steps * scaleFrom < images);
  throwIfAny(lost.map(([parameter, steps]) => failures.lessThanOneStep({ parameter, steps, scaleFrom, images })));
}
