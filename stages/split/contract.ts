// Generated from stage.json by `npm run generate`; not to be edited.

export interface Params {
  /** Identities, chosen by the seed, that go into the validation set. */
  readonly validationIdentities: number;
  /** What each record carries: class and whether the image was aligned before, as face2rec2 writes; or the class alone, as dataset_relabel and dataset_merge do. */
  readonly labels: 'class-and-aligned' | 'class';
}

/** Absolute paths of what the stage reads. */
export interface Inputs {
  /** The packed set. */
  readonly dataset: string;
}

/** Absolute paths of what the stage has to write. */
export interface Outputs {
  /** Everybody else. */
  readonly train: string;
  /** The chosen identities. */
  readonly validation: string;
}
