// Generated from stage.json by `npm run generate`; not to be edited.

export interface Params {
  /** Identities, chosen by the seed, that go into the validation set; not used where people are given. */
  readonly validationIdentities: number;
  /** What each record carries: class and whether the image was aligned before, as face2rec2 writes; or the class alone, as dataset_relabel and dataset_merge do. */
  readonly labels: 'class-and-aligned' | 'class';
  /** A record that cannot be read (damaged, without a class, no image, or one of another size) fails the stage, which is so unless given; or it is named, counted and left out. drop decodes every image. */
  readonly unreadable?: 'fail' | 'drop';
}

/** Absolute paths of what the stage reads. */
export interface Inputs {
  /** The packed set. */
  readonly dataset: string;
  /** Who goes into the validation set instead: the people of a pair protocol, or a name a line. By names.txt beside the records, or by the numbers of classes where there is none. */
  readonly people: string | undefined;
}

/** Absolute paths of what the stage has to write. */
export interface Outputs {
  /** Everybody else. */
  readonly train: string;
  /** The chosen identities. */
  readonly validation: string;
}
