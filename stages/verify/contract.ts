// Generated from stage.json by `npm run generate`; not to be edited.

export interface Params {
  /** Contiguous folds; the threshold of each is chosen on the others. 1: chosen and tested on all pairs. */
  readonly folds: number;
  /** Images per forward pass. */
  readonly batch: number;
}

/** Absolute paths of what the stage reads. */
export interface Inputs {
  /** The embedding network. */
  readonly model: string;
  /** The verification set (.bin). */
  readonly pairs: string;
}

/** Absolute paths of what the stage has to write. */
export interface Outputs {
  /** Accuracy and deviation, folds, thresholds, XNorm, ROC, distances, the worst pairs. */
  readonly verification: string;
}
