import { fail, throwIfAny } from '../../src/core/failure.ts';
import { scaledSchedule, type ScheduleChoice } from '../../src/kit/net/schedules/index.ts';
import type { Params } from './contract.ts';
import { failures } from './failures.ts';

type Steps = Pick<Params, 'schedule' | 'batch' | 'accumulate'>;

/** The schedule in steps of this training. */
export function scheduleOf({ schedule, batch, accumulate = 1 }: Steps): ScheduleChoice {
  return scaledSchedule(schedule, batch * accumulate);
}

/** Fails with `step-beyond-end` where the learning rate is to fall once there is no step any more, or to rise until after the last one. */
export function requireSteps(params: Steps): void {
  const schedule = scheduleOf(params);
  const { maxSteps, warmupSteps } = schedule;
  if (warmupSteps > maxSteps) fail(failures.warmupBeyondEnd({ warmupSteps, maxSteps }));
  if (!('steps' in schedule)) return;
  const { steps } = schedule;
  throwIfAny(steps.filter((step) => step >= maxSteps).map((step) => failures.stepBeyondEnd({ step, maxSteps })));
}
