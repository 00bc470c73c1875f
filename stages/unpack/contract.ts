// Generated from stage.json by `npm run generate`; not to be edited.

export interface Params {
  /** Digits of the folder names; with as many for all, names sort as labels do. */
  readonly digits: number;
  /** A record that cannot be read (damaged, without a class, no image, or one of another size) fails the stage, which is so unless given; or it is named, counted and left out. drop decodes every image. */
  readonly unreadable?: 'fail' | 'drop';
}

/** Absolute paths of what the stage reads. */
export interface Inputs {
  /** The packed set. */
  readonly dataset: string;
}

/** Absolute paths of what the stage has to write. */
export interface Outputs {
  /** <label>/<label>_0001.jpg, the bytes as they were packed. */
  readonly images: string;
  /** The packing list that packs them again. */
  readonly list: string;
}
