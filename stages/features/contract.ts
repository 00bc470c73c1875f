// Generated from stage.json by `npm run generate`; not to be edited.

import type { NormalizationChoice } from '../../src/kit/net/exchange/normalization-presets.ts';

export interface Params {
  /** Images at a time; the network sees twice as many, each as it is and mirrored. */
  readonly batch: number;
  /** What computes: auto is what FLOW_ENGINE says, or the fastest of onnxruntime, tensorflow, wasm that is installed. */
  readonly engine: 'auto' | 'tensorflow' | 'webgpu' | 'onnxruntime' | 'onnxruntime-webgpu' | 'wasm' | 'cpu';
  /** What the network is fed, (value - mean) * scale, where its file does not say it itself. {"mean": 0, "scale": 1}: 0..255 as they are. Or the name of what a well-known program feeds: arcface-onnx, adaface-bgr, facenet, imagenet. */
  readonly normalization?: NormalizationChoice;
  /**
   * The layer or output that is the embedding, of a network with several.
   *
   * @minItems 1
   * @maxItems 1
   */
  readonly outputs?: [string];
  /** Size of the images, where the file leaves it open; 112 x 112 unless given. */
  readonly input?: {
    /** Pixels. */
    readonly height: number;
    /** Pixels. */
    readonly width: number;
  };
  /** matrix: features.bin, a row per image; files: <name><suffix>.bin, a column each, as MegaFace's development kit reads them. */
  readonly layout: 'matrix' | 'files';
  /** Part of the file names of layout files, e.g. _r100_112x112. */
  readonly suffix: string;
  /** An image that cannot be decoded: a failure, or it gets no row and is named. drop: so does one of another size, one that the list names and that does not exist, and a damaged record of a packed set, which is looked through first. */
  readonly unreadable: 'fail' | 'skip' | 'drop';
}

/** Absolute paths of what the stage reads. */
export interface Inputs {
  /** The embedding network: a model folder or a file of any model format; of several the rows are concatenated. */
  readonly model: readonly string[];
  /** A folder per identity, at any depth; shards (.tar); or the folder that the paths of the list start at. */
  readonly images: string | undefined;
  /** Which of the images, in which order: a packing list, or a list of MegaFace's development kit. */
  readonly list: string | undefined;
  /** A packed set, in place of images. */
  readonly dataset: string | undefined;
}

/** Absolute paths of what the stage has to write. */
export interface Outputs {
  /** features.json, names.txt, and features.bin or a file per image. */
  readonly features: string;
}
