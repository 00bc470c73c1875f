// Generated from stage.json by `npm run generate`; not to be edited.

export interface Params {
  /** Bytes to leave out at the start. */
  readonly skip: number;
}

/** Absolute paths of what the stage reads. */
export interface Inputs {
  /** What is copied. */
  readonly file: string;
}

/** Absolute paths of what the stage has to write. */
export interface Outputs {
  /** The copy. */
  readonly file: string;
}
