import { fail, throwIfAny } from '../../src/core/failure.ts';
import type { Params } from './contract.ts';
import { failures } from './failures.ts';

/** Fails with `step-beyond-end` where the learning rate is to fall once there is no step any more, or to rise until after the last one. */
export function requireSteps({ schedule }: Pick<Params, 'schedule'>): void {
  const { maxSteps, warmupSteps } = schedule;
  if (warmupSteps > maxSteps) fail(failures.warmupBeyondEnd({ warmupSteps, maxSteps }));
  if (!('steps' in schedule)) return;
  const { steps } = schedule;
  throwIfAny(steps.filter((step) => step >= maxSteps).map((step) => failures.stepBeyondEnd({ step, maxSteps })));
}
