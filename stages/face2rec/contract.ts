// Generated from stage.json by `npm run generate`; not to be edited.

export interface Params {
  /** Folds of the protocol (from 1) whose pairs go into the .bin; empty: all of them. */
  readonly folds: readonly number[];
  /** Identities with fewer pictures are left out of the training set. */
  readonly minImagesPerIdentity: number;
  /** A picture that cannot be decoded fails the stage; otherwise it is named, counted and left out. */
  readonly strict: boolean;
}

/** Absolute paths of what the stage reads. */
export interface Inputs {
  /** Aligned pictures, <identity>/<identity>_0001.jpg or any other names; all of one size. */
  readonly images: string;
  /** Which pictures, in which order, with which labels; without it every picture of the folder. */
  readonly list: string | undefined;
  /** Pairs to pack; identities in the packed pairs are kept out of the training set. */
  readonly protocol: string | undefined;
}

/** Absolute paths of what the stage has to write. */
export interface Outputs {
  /** train.rec, train.idx, property and dataset.json. */
  readonly dataset: string;
  /** The verification set; empty of pairs where no protocol is given. */
  readonly pairs: string;
}
