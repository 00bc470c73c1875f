import type { Json } from '../../../core/digest.ts';

/** Where in a training a batch is, the batches of the warm-up left out. */
export interface SchedulePosition {
  /** Number of the batch, counted from 1. */
  readonly step: number;
  /** Share of the batches after the warm-up that are done before it: 0 for the first, below 1 for the last. */
  readonly progress: number;
}

/** How the learning rate falls. */
export interface Schedule<Options> {
  readonly summary: string;
  /** JSON schema of each option; every one has a default. */
  readonly options: { readonly [Name in keyof Options]-?: Readonly<Record<string, Json>> };
  /** The learning rate of a batch, where `rate` is the one that it would have without a fall. */
  readonly rate: (rate: number, position: SchedulePosition, options: Options) => number;
}
