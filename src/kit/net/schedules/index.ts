import type { Json } from '../../../core/digest.ts';
import { cosine } from './cosine.ts';
import { polynomial } from './polynomial.ts';
import type { Schedule, SchedulePosition } from './schedule.ts';
import { steps } from './steps.ts';

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

type Options = {
  readonly [Name in ScheduleName]: (typeof schedules)[Name] extends Schedule<infer Own> ? Own : never;
};

/** The choice of a schedule as an experiment makes it: its name (none: steps), and all its options with defaults filled in. */
export type ScheduleChoice = ScheduleLength &
  (
    | ({ readonly name?: 'steps' } & Options['steps'])
    | ({ readonly name: 'polynomial' } & Options['polynomial'])
    | ({ readonly name: 'cosine' } & Options['cosine'])
  );

/** The learning rate of batch number `step`, counted from 1. */
export function learningRateAt(learningRate: number, choice: ScheduleChoice, step: number): number {
  const { maxSteps, warmupSteps } = choice;
  const rate = learningRate * Math.min(1, step / Math.max(1, warmupSteps));
  const done = Math.max(0, step - 1 - warmupSteps);
  return fallen(rate, choice, { step, progress: Math.min(1, done / Math.max(1, maxSteps - warmupSteps)) });
}

function fallen(rate: number, choice: ScheduleChoice, position: SchedulePosition): number {
  switch (choice.name) {
    case 'polynomial':
      return polynomial.rate(rate, position, choice);
    case 'cosine':
      return cosine.rate(rate, position, choice);
    default:
      return steps.rate(rate, position, choice);
  }
}
