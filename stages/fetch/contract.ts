// Generated from stage.json by `npm run generate`; not to be edited.

export interface Params {
  /** A data set whose address and digest are known here: LFW as published, LFW funneled, or its pairs.txt. */
  readonly set: 'none' | 'lfw' | 'lfw-funneled' | 'lfw-pairs';
  /** What to download, besides the named set. */
  readonly files: {
    /** Where it is: http or https. */
    readonly url: string;
    /** Other places of the same file, tried in this order when the first one fails. */
    readonly mirrors: readonly string[];
    /** Digest of the file; any other content is refused. Empty: what came is recorded, with a warning. */
    readonly sha256: string;
    /** File name to store it under; empty: the last part of the URL. */
    readonly name: string;
    /** Unpack it: .tar (also .gz, .bz2, .xz, .zst) or .zip, known by its content. */
    readonly extract: boolean;
  }[];
  /** Only this file or folder of what came, as a path within it: lfw/pairs.txt. */
  readonly inside: string;
}

/** Absolute paths of what the stage reads. */
export interface Inputs {
  /** Archives that are here already, to be unpacked as those that are downloaded. */
  readonly archives: readonly string[];
}

/** Absolute paths of what the stage has to write. */
export interface Outputs {
  /** What came: the file or folder if it is one, otherwise a folder of all; or the part that inside names. */
  readonly content: string;
  /** Per file: the address it came from, its bytes and its SHA-256; of archives that were here, no address. */
  readonly record: string;
}
