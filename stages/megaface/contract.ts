// Generated from stage.json by `npm run generate`; not to be edited.

export interface Params {
  /** How many distractors, one evaluation each. Empty: powers of ten from 10 on, and all. */
  readonly sizes: readonly number[];
  /** Random sets of distractors for each size that is not all of them. */
  readonly sets: number;
  /**
   * False acceptance rates (FAR), at most which the threshold may let in.
   *
   * @minItems 1
   */
  readonly rates: [number, ...number[]];
  /** Part of the names of the files of the development kit, e.g. r100_cm_112x112. */
  readonly algorithm: string;
  /** Names of the sets of probes in their order. Empty: facescrub, then fgnet. */
  readonly probeNames: readonly string[];
  /** Draws of the people of the probes, with replacement, for the 95 % intervals; 0: no intervals. */
  readonly draws: number;
  /** accept: features that do not tell which network and preprocessing they are of, such as those of other programs, are compared all the same; the result says which they are. Otherwise they are refused. */
  readonly withoutContract?: 'accept';
  /** What computes: auto is what FLOW_ENGINE says, or the fastest of onnxruntime, tensorflow, wasm that is installed. */
  readonly engine: 'auto' | 'tensorflow' | 'webgpu' | 'onnxruntime' | 'onnxruntime-webgpu' | 'wasm' | 'cpu';
}

/** Absolute paths of what the stage reads. */
export interface Inputs {
  /** Features of the probes, named <person>/<image>; a second set, FG-NET, may follow. */
  readonly probes: readonly string[];
  /** For each set of probes which of them, and who is on them: a list of the development kit. */
  readonly probeLists: readonly string[];
  /** Features of the distractors; with 513 numbers those that are marked are excluded. */
  readonly distractors: string;
  /** Sets of distractors: lists of the development kit, in place of sizes and sets. */
  readonly distractorLists: readonly string[];
  /** A mask of remove-noises: distractors that are excluded, and probes that are replaced. */
  readonly mask: string | undefined;
}

/** Absolute paths of what the stage has to write. */
export interface Outputs {
  /** For each set of probes and of distractors: rates with intervals, thresholds, curves. */
  readonly result: string;
  /** cmc_*.json and matches_*.json as the development kit writes them. */
  readonly kit: string;
  /** CMC and ROC as SVG. */
  readonly curves: string;
}
