// Generated from stage.json by `npm run generate`; not to be edited.

export interface Params {
  /** Images at a time. */
  readonly batch: number;
  /** What computes: auto is what FLOW_ENGINE says, or the fastest of onnxruntime, tensorflow, wasm that is installed. */
  readonly engine: 'auto' | 'tensorflow' | 'webgpu' | 'onnxruntime' | 'wasm' | 'cpu';
  /** What the network is fed, (value - mean) * scale, where its file does not say it itself. {"mean": 0, "scale": 1}: 0..255 as they are. */
  readonly normalization?: {
    /** On the scale of images, 0..255. */
    readonly mean: number;
    /** Factor after the mean is taken off. */
    readonly scale: number;
    /** Order of the channels. */
    readonly colorOrder: 'rgb' | 'bgr';
  };
}

/** Absolute paths of what the stage reads. */
export interface Inputs {
  /** The packed set. */
  readonly dataset: string;
  /** The embedding network: a model folder or a file of any model format. */
  readonly model: string;
}

/** Absolute paths of what the stage has to write. */
export interface Outputs {
  /** A line for each image: its number from 1, its cosine to the centre of its identity, its second label, separated by commas. */
  readonly c2c: string;
}
