// Generated from stage.json by `npm run generate`; not to be edited.

import type { NormalizationChoice } from '../../src/kit/net/exchange/normalization-presets.ts';

export interface Params {
  /** folder: What `train` writes and every stage reads: the graph as JSON, the values as float32 in one file. mxnet: Graph and parameters as MXNet saves them; training checkpoints are cut at the embedding. caffe: What Caffe, OpenCV and many vendors of accelerators read; the normalisation of the input is the caller’s. onnx: One file that onnxruntime and most frameworks run; foreign ones are read for inference. npz: Parameters by name for numpy.load, with the graph as JSON among them; for debugging. safetensors: Tensors by name for PyTorch, and nothing that runs; the graph as JSON in the metadata. tfjs: A graph that @tensorflow/tfjs-converter loads in a browser, with its weights in shards of 4 MB. torch: What arcface_torch, AdaFace, MagFace and CVLface save; read as data, nothing in it is run. face-api: The networks that find faces, and the one of dlib that knows them, as the npm packages of the face-api family carry them. */
  readonly to: 'folder' | 'mxnet' | 'caffe' | 'onnx' | 'npz' | 'safetensors' | 'tfjs' | 'torch' | 'face-api';
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
  /** What the network is fed, (value - mean) * scale, where its file does not say it itself. {"mean": 0, "scale": 1}: 0..255 as they are. Or the name of what a well-known program feeds: arcface-onnx, adaface-bgr, facenet, imagenet. */
  readonly normalization?: NormalizationChoice;
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
