// Generated from stage.json by `npm run generate`; not to be edited.

export interface Params {
  /** Folds of the protocol (from 1) whose pairs go into the .bin; empty: all of them. */
  readonly folds: readonly number[];
  /** Identities with fewer images are left out of the training set. */
  readonly minImagesPerIdentity: number;
  /** An image that cannot be decoded fails the stage; otherwise it is named, counted and left out. */
  readonly strict: boolean;
  /** Order in the packed set: as listed (or by name); identities shuffled; or all images shuffled, without identity records, as im2rec does. */
  readonly order: 'list' | 'identities' | 'pictures';
  /** Number the labels of a list again from 0 even if no identity is left out. */
  readonly renumber: boolean;
  /** What each record carries: class and whether the image was aligned before, as face2rec2 writes; or the class alone. */
  readonly labels: 'class-and-aligned' | 'class';
  /** Images with the content of an earlier one: not looked for, named and counted, or left out. */
  readonly duplicates: 'ignore' | 'report' | 'drop';
  /** What images are that no list describes: final crops, stored as they are, or photographs, cut by withoutPoints: crop. */
  readonly pictures: 'aligned' | 'photographs';
  /** Size that images which are not aligned are cut to. */
  readonly imageSize: {
    /** Pixels; other heights than 112 enlarge the template. */
    readonly height: number;
    /** Pixels; with height 112 the template is that of 96 unless it is 112. */
    readonly width: number;
  };
  /** How cut images are stored; aligned ones stay as they are. */
  readonly encoding: 'jpg' | 'png';
  /** Of JPEG; for png the compression level, at most 9. */
  readonly quality: number;
  /** An image that is not aligned and has no points: a failure (or left out, if not strict), or its box or middle is cut out. */
  readonly withoutPoints: 'fail' | 'crop';
  /** Write names.txt beside the records: who each class is, by which split holds people out and unpack names its folders. Not unless given. */
  readonly names?: boolean;
}

/** Absolute paths of what the stage reads. */
export interface Inputs {
  /** Images, <identity>/<identity>_0001.jpg or any other names, or WebDataset shards (.tar); all of one size, or to be cut. */
  readonly images: string;
  /** Which images, in which order, with which labels; without it every image of the folder. */
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
