// Generated from stage.json by `npm run generate`; not to be edited.

export interface Params {
  /** Folds of the protocol (from 1) to pack; empty: all of them, in the order of the protocol. */
  readonly folds: readonly number[];
  /** An image that does not exist: a failure, or its pair is left out and named. */
  readonly missing: 'fail' | 'skip';
  /** An image that cannot be decoded, cannot be aligned, or is of another size than most, fails the stage, which is so unless given; or it is named, and its pairs are counted and left out. drop decodes every image. */
  readonly unreadable?: 'fail' | 'drop';
  /** stored: the files as they are; points: by the 68 points of a .pts file; crop: the middle of the image. */
  readonly align: 'stored' | 'points' | 'crop';
  /** Size that images are cut to where they are aligned here. */
  readonly imageSize: {
    /** Pixels; other heights than 112 enlarge the template. */
    readonly height: number;
    /** Pixels; with height 112 the template is that of 96 unless it is 112. */
    readonly width: number;
  };
  /** How images that are aligned here are stored. */
  readonly encoding: 'jpg' | 'png';
  /** Of JPEG; for png the compression level, at most 9. */
  readonly quality: number;
}

/** Absolute paths of what the stage reads. */
export interface Inputs {
  /** LFW: a folder per person; CFP and AgeDB: the folder that the paths of the protocol start at. */
  readonly images: string;
  /** LFW's pairs.txt or a list of pairs, CFP's Protocol/Split/FF or FP, or the MATLAB file of CFP or AgeDB. */
  readonly protocol: string;
  /** Folder of the .pts files, named as the images; needed for align: points. */
  readonly points: string | undefined;
}

/** Absolute paths of what the stage has to write. */
export interface Outputs {
  /** The verification set. */
  readonly pairs: string;
}
