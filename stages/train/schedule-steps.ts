import { throwIfAny } from '../../src/core/failure.ts';
import type { Params } from './contract.ts';
import { failures } from './failures.ts';

/** Fails with `step-beyond-end` where the learning rate is to fall once there is no step any more. */
export function requireSteps({ schedule }: Pick<Params, 'schedule'>): void {
  if (!('steps' in schedule)) return;
  const { steps, maxSteps } = schedule;
  throwIfAny(steps.filter((step) => step >= maxSteps).map((step) => failures.stepBeyondEnd({ step, maxSteps })));
}
