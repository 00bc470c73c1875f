export interface LearningRateSchedule {
  readonly learningRate: number;
  /** Batches after each of which the rate is multiplied by 0.1. */
  readonly steps: readonly number[];
  /** Batches over which the rate rises linearly to its full value. */
  readonly warmupSteps: number;
}

/** The learning rate of batch number `step`, counted from 1. */
export function learningRateAt({ learningRate, steps, warmupSteps }: LearningRateSchedule, step: number): number {
  const drops = steps.filter((drop) => drop < step).length;
  // Divided, not multiplied by 0.1 ** drops: 0.1 / 10 is 0.01, and 0.1 * 0.1 is not.
  return (learningRate * Math.min(1, step / Math.max(1, warmupSteps))) / 10 ** drops;
}
