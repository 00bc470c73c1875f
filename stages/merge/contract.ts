// Generated from stage.json by `npm run generate`; not to be edited.

export interface Params {
  /** What each record carries: class and whether the image was aligned before, as face2rec2 writes; or the class alone, as dataset_relabel and dataset_merge do. */
  readonly labels: 'class-and-aligned' | 'class';
  /** A record that cannot be read (damaged, without a class, no image, or one of another size) fails the stage, which is so unless given; or it is named, counted and left out. drop decodes every image. */
  readonly unreadable?: 'fail' | 'drop';
}

/** Absolute paths of what the stage reads. */
export interface Inputs {
  /** Packed sets of images of one size. */
  readonly datasets: readonly string[];
}

/** Absolute paths of what the stage has to write. */
export interface Outputs {
  /** The joined set. */
  readonly dataset: string;
}
