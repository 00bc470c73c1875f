// Generated from stage.json by `npm run generate`; not to be edited.

export interface Params {
  /**
   * False acceptance rates (FAR), at most which the threshold may let in.
   *
   * @minItems 1
   */
  readonly rates: [number, ...number[]];
  /** Draws of the people, with replacement, for the 95 % intervals; 0: no intervals. */
  readonly draws: number;
  /** What computes: auto is what FLOW_ENGINE says, or the fastest of onnxruntime, tensorflow, wasm that is installed. */
  readonly engine: 'auto' | 'tensorflow' | 'webgpu' | 'onnxruntime' | 'onnxruntime-webgpu' | 'wasm' | 'cpu';
}

/** Absolute paths of what the stage reads. */
export interface Inputs {
  /** Features of images, named <person>/<image>. */
  readonly features: string;
  /** The packed set that the features are of: its labels say who is on an image that is named by its number. */
  readonly dataset: string | undefined;
  /** A text of two columns, tab separated: the name of a person or of an image, and its group. */
  readonly groups: string | undefined;
}

/** Absolute paths of what the stage has to write. */
export interface Outputs {
  /** Of all images and of each group: how many pairs, TAR at FAR with intervals, thresholds, the curve. */
  readonly result: string;
  /** The curve of TAR over FAR as SVG and as a table. */
  readonly curves: string;
}
