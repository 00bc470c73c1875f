// Generated from stage.json by `npm run generate`; not to be edited.

import type { NormalizationChoice } from '../../src/kit/net/exchange/normalization-presets.ts';

export interface Params {
  /** People to hold out, drawn by the seed; 0: all. */
  readonly people: number;
  /** People with fewer images are not held out. Of one with a single image there are no pairs of the same person. */
  readonly minImagesPerIdentity: number;
  /** Parts of the set; no person is in two of them. */
  readonly folds: number;
  /** Pairs of the same person in each fold, and as many of different people; 0: as many as the images allow, 300 at most. */
  readonly pairsPerFold: number;
  /** Share of the pairs that a model chooses instead of the seed: images of different people that it finds most alike, and of the same person that it finds least alike. */
  readonly hardShare: number;
  /** Images at a time; the network sees twice as many, each as it is and mirrored. */
  readonly batch: number;
  /** What computes: auto is what FLOW_ENGINE says, or the fastest of onnxruntime, tensorflow, wasm that is installed. */
  readonly engine: 'auto' | 'tensorflow' | 'webgpu' | 'onnxruntime' | 'onnxruntime-webgpu' | 'wasm' | 'cpu';
  /** What the network is fed, (value - mean) * scale, where its file does not say it itself. {"mean": 0, "scale": 1}: 0..255 as they are. Or the name of what a well-known program feeds: arcface-onnx, adaface-bgr, facenet, imagenet. */
  readonly normalization?: NormalizationChoice;
}

/** Absolute paths of what the stage reads. */
export interface Inputs {
  /** A folder per person, images aligned and of one size; their names may be any. */
  readonly images: string | undefined;
  /** A packed set in place of images; its people are those of names.txt beside the records, or its classes by number. */
  readonly dataset: string | undefined;
  /** What chooses hard pairs; needed if hardShare is not 0. */
  readonly model: string | undefined;
}

/** Absolute paths of what the stage has to write. */
export interface Outputs {
  /** The verification set, fold by fold. */
  readonly pairs: string;
  /** The same pairs by name; face2rec leaves their people out. */
  readonly protocol: string;
}
