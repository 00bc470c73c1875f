import type { Json } from '../../../core/digest.ts';
import { cosine } from './cosine.ts';
import { polynomial } from './polynomial.ts';
import type { Schedule } from './schedule.ts';
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
  /** Images of the batches in which all of these are counted; undefined: those of the training. */
  readonly scaleFrom?: number;
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
  // Without a default: trainings of before it existed keep their keys in the cache.
  scaleFrom: {
    type: 'integer',
    minimum: 1,
    description:
      'Images per step for which maxSteps, warmupSteps and steps are written: a training with other batches counts as many images, ' +
      'that is each times this / (batch * accumulate), rounded down, as the 2018 system scales its own from 512. Left out: they are counted in steps of the training.',
  },
};

type Options = {
  readonly [Name in ScheduleName]: (typeof schedules)[Name] extends Schedule<infer Own> ? Own : never;
};

/** The choice of a schedule as an experiment makes it: its name (none: steps), and all its options with defaults filled in. */
export type ScheduleChoice = {
  [Name in ScheduleName]: ScheduleLength &
    Options[Name] &
    (Name extends typeof defaultSchedule ? { readonly name?: Name } : { readonly name: Name });
}[ScheduleName];

const table: { readonly [Name in ScheduleName]: Schedule<Options[Name]> } = schedules;

/** The schedule in steps of `imagesPerStep` images: as it is, or scaled from those that it is written for. */
export function scaledSchedule(choice: ScheduleChoice, imagesPerStep: number): ScheduleChoice {
  const { scaleFrom, ...written } = choice;
  if (scaleFrom === undefined) return choice;
  const scaled = (steps: number): number => Math.trunc((steps * scaleFrom) / imagesPerStep);
  const length = { maxSteps: Math.max(1, scaled(written.maxSteps)), warmupSteps: scaled(written.warmupSteps) };
  return 'steps' in written ? { ...written, ...length, steps: written.steps.map(scaled) } : { ...written, ...length };
}

/** The learning rate of batch number `step`, counted from 1. */
export function learningRateAt(learningRate: number, choice: ScheduleChoice, step: number): number {
  const { maxSteps, warmupSteps } = choice;
  const rate = learningRate * Math.min(1, step / Math.max(1, warmupSteps));
  const done = Math.max(0, step - 1 - warmupSteps);
  const position = { step, progress: Math.min(1, done / Math.max(1, maxSteps - warmupSteps)) };
  // The options are those of the schedule of this name.
  const schedule = table[choice.name ?? defaultSchedule] as Pick<Schedule<ScheduleChoice>, 'rate'>;
  return schedule.rate(rate, position, choice);
}
