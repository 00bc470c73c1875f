// Generated from stage.json by `npm run generate`; not to be edited.

import type { NormalizationChoice } from '../../src/kit/net/exchange/normalization-presets.ts';

export interface Params {
  /** Contiguous folds; the threshold of each is chosen on the others. 1: chosen and tested on all pairs. */
  readonly folds: number;
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
  /** An image that cannot be decoded, or has another size than most, fails the stage, which is so unless given; or it is named, and its pairs are counted and left out. drop decodes every image once more. */
  readonly unreadable?: 'fail' | 'drop';
  /** Names of the sets, in the order of `pairs`; those of their files unless given. */
  readonly names: readonly string[];
  /**
   * [a, b]: of a folder with more than b epochs take those at positions a to b-1, newest first. Empty: all.
   *
   * @maxItems 2
   */
  readonly max: [] | [number] | [number, number];
  /**
   * False match rates (FMR; false acceptance rates, FAR) that errors are reported at.
   *
   * @minItems 1
   */
  readonly rates: [number, ...number[]];
  /** Folds of the protocol that the sets were packed from, as the packing stage was told; empty: all. */
  readonly protocolFolds: readonly number[];
  /** Error against discarded share by the quality of images: norm of their embeddings, score of the detector (needs faces and protocol), blur (variance of the Laplacian). */
  readonly quality: ('norm' | 'score' | 'blur')[];
  /** Draws of the people of a set, with replacement, for the 95 % intervals of its figures; 0: no intervals. */
  readonly draws: number;
  /** Draw the wrong pairs of every set, decided by the first model, into images (mode 1 of the 2018 system). */
  readonly mistakes: boolean;
  /** Write the embeddings of every set by the first model: a feature matrix, or the pickle of mode 2 of the 2018 system. */
  readonly embeddings: 'none' | 'matrix' | 'pickle';
}

/** Absolute paths of what the stage reads. */
export interface Inputs {
  /** Embedding networks: model folders, files of any model format, or folders of epochs. */
  readonly model: readonly string[];
  /** Verification sets (.bin). */
  readonly pairs: readonly string[];
  /** What each set was packed from, in the order of pairs (pairs.txt, the MATLAB file of CFP or AgeDB): the names that sets have not. */
  readonly protocol: readonly string[];
  /** A text of two columns, tab separated: the name of a person or of an image, and its group. Needs protocol. */
  readonly groups: string | undefined;
  /** What align says of each image (faces.ndjson): the scores of the detector. Needs protocol. */
  readonly faces: readonly string[];
}

/** Absolute paths of what the stage has to write. */
export interface Outputs {
  /** Per set and model: accuracy and deviation, folds, thresholds, XNorm, ROC, distances, the worst pairs. */
  readonly verification: string;
  /** Images of the mistakes and dumps of the embeddings, where asked for. */
  readonly details: string;
}
