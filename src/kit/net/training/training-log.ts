import type { OrderState } from '../../dataset/batch-order.ts';

/** A figure over the steps of a training, in the order of the steps. */
export interface Curve {
  /** `loss`, `accuracy`, `learningRate`, `loss/<figure>` (what a loss reports besides), or `verification/<set>`. */
  readonly name: string;
  readonly points: readonly (readonly [step: number, value: number])[];
}

/** Which parameter arrays of the network a training has from another model; all names are those of the arrays. */
export interface TrainingStart {
  /** Name of its file or folder. */
  readonly model: string;
  readonly copied: readonly string[];
  /** Of the network, and not in the model. */
  readonly drawn: readonly string[];
  /** Of the model, and not in the network. */
  readonly leftOut: readonly string[];
}

/** That a training went back after it had diverged. */
export interface Return {
  /** The step that could not be done. */
  readonly step: number;
  /** The step that it went back to: 0 is the start. */
  readonly to: number;
  /** Share of the scheduled learning rate from then on. */
  readonly share: number;
}

/** The content of log.json. It holds nothing about time, so that equal trainings have equal logs. */
export interface TrainingLog {
  readonly format: 'faceflow-log';
  readonly version: 1;
  readonly curves: readonly Curve[];
  /** Absent where everything is drawn. */
  readonly start?: TrainingStart;
  /** Absent where it never went back. */
  readonly returns?: readonly Return[];
}

/** What a training has to remember besides its parameters to write the same log after an interruption. */
export interface TrainingProgress {
  readonly curves: readonly Curve[];
  /** How many steps there were since the last points, and the sum of each figure over them. */
  readonly window: { readonly steps: number; readonly [figure: string]: number };
  /** How often the training has gone back after it had diverged; each halves the learning rate. */
  readonly rewinds?: number;
  /** The same one by one; checkpoints of earlier versions have only their number. */
  readonly returns?: readonly Return[];
  /** Batches that the network has chosen; absent where they follow from seed and step. */
  readonly order?: OrderState;
}
