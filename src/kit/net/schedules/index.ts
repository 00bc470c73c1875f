import type { Json } from '../../../core/digest.ts';
import { cosine, type CosineOptions } from './cosine.ts';
import { polynomial, type PolynomialOptions } from './polynomial.ts';
import type { SchedulePosition } from './schedule.ts';
import { steps, type StepsOptions } from './steps.ts';

/** How the learning rate may fall. */
export const schedules = { steps, polynomial, cosine } as const;

export type ScheduleName = keyof typeof schedules;

/** Chosen where an experiment names none. */
export const defaultSchedule = 'steps' satisfies ScheduleName;

/** What every schedule has. */
export interface ScheduleLength {
  /** Batches to train. */
  readonly maxSteps: number;
  /** Batches over which the rate rises linearly to its full value. */
  readonly warmupSteps: number;
}

/** JSON schema of {@link ScheduleLength}. */
export const scheduleLength: { readonly [Name in keyof ScheduleLength]: Readonly<Record<string, Json>> } = {
  maxSteps: { type: 'integer', minimum: 1, default: 200000, description: 'Batches to train.' },
  warmupSteps: {
    type: 'integer',
    minimum: 0,
    default: 0,
    description: 'Batches over which the learning rate rises linearly from 0; 0 as in the 2018 system.',
  },
};

/** The choice of a schedule as an experiment makes it: its name (none: steps), and all its options with defaults filled in. */
export type ScheduleChoice = ScheduleLength &
  (
    | ({ readonly name?: 'steps' } & StepsOptions)
    | ({ readonly name: 'polynomial' } & PolynomialOptions)
    | ({ readonly name: 'cosine' } & CosineOptions)
  );

/** The learning rate of batch number `step`, counted from 1. */
export function learningRateAt(learningRate: number, choice: ScheduleChoice, step: number): number {
  const { maxSteps, warmupSteps } = choice;
  const rate = learningRate * Math.min(1, step / Math.max(1, warmupSteps));
  const done = Math.max(0, step - 1 - warmupSteps);
  return fallen(rate, choice, { step, progress: Math.min(1, done / Math.max(1, maxSteps - warmupSteps)) });
}

function fallen(rate: number, choice: ScheduleChoice, position: SchedulePosition): number {
  if (choice.name === 'polynomial') return polynomial.rate(rate, position, choice);
  if (choice.name === 'cosine') return cosine.rate(rate, position, choice);
  return steps.rate(rate, position, choice);
}
