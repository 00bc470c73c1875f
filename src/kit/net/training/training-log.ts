/** A figure over the steps of a training, in the order of the steps. */
export interface Curve {
  /** `loss`, `accuracy`, `learningRate`, or `verification/<set>`. */
  readonly name: string;
  readonly points: readonly (readonly [step: number, value: number])[];
}

/** The content of log.json. It holds nothing about time, so that equal trainings have equal logs. */
export interface TrainingLog {
  readonly format: 'faceflow-log';
  readonly version: 1;
  readonly curves: readonly Curve[];
}

/** What a training has to remember besides its parameters to write the same log after an interruption. */
export interface TrainingProgress {
  readonly curves: readonly Curve[];
  /** Sums over the steps since the last points. */
  readonly window: { readonly loss: number; readonly accuracy: number; readonly steps: number };
}
