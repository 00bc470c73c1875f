// Generated from stage.json by `npm run generate`; not to be edited.

export interface Params {
  /** folder: What `train` writes and every stage reads: the graph as JSON, the values as float32 in one file. mxnet: Graph and parameters as MXNet saves them; training checkpoints are cut at the embedding. caffe: What Caffe, OpenCV and many vendors of accelerators read; the normalisation of the input is the caller’s. onnx: One file that onnxruntime and most frameworks run; foreign ones are read for inference. npz: Parameters by name for numpy.load, with the graph as JSON among them; for debugging. face-api: The networks that find faces, as the npm packages of the face-api family carry them. */
  readonly to: 'folder' | 'mxnet' | 'caffe' | 'onnx' | 'npz' | 'face-api';
  /** Of a checkpoint with several; the last one unless given. */
  readonly epoch?: number;
  /**
   * Layers whose values are the results, instead of those the file names.
   *
   * @minItems 1
   */
  readonly outputs?: [string, ...string[]];
  /** Size of the images, where the file leaves it open; 3 x 112 x 112 unless given. */
  readonly input?: {
    /** 3: RGB. */
    readonly channels: number;
    /** Pixels. */
    readonly height: number;
    /** Pixels. */
    readonly width: number;
  };
  /** What the network is fed, (value - mean) * scale, where its file does not say it itself. {"mean": 0, "scale": 1}: 0..255 as they are. */
  readonly normalization?: {
    /** On the scale of images, 0..255. */
    readonly mean: number;
    /** Factor after the mean is taken off. */
    readonly scale: number;
    /** Order of the channels. */
    readonly colorOrder: 'rgb' | 'bgr';
  };
  /** Drop classifier and loss: what only training needs. */
  readonly slim: boolean;
  /** Greatest difference that is accepted, as a share of the greatest value. */
  readonly limit: number;
}

/** Absolute paths of what the stage reads. */
export interface Inputs {
  /** A model folder, or a file of any model format. */
  readonly model: string;
}

/** Absolute paths of what the stage has to write. */
export interface Outputs {
  /** A folder with the model: `model.onnx`, `model-symbol.json` and `model-0000.params`, ... */
  readonly model: string;
}
