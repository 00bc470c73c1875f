// Generated from stage.json by `npm run generate`; not to be edited.

import type { NormalizationChoice } from '../../src/kit/net/exchange/normalization-presets.ts';

export interface Params {
  /** Images at a time; the network sees twice as many, each as it is and mirrored. */
  readonly batch: number;
  /** What computes: auto is what FLOW_ENGINE says, or the fastest of onnxruntime, tensorflow, wasm that is installed. */
  readonly engine: 'auto' | 'tensorflow' | 'webgpu' | 'onnxruntime' | 'onnxruntime-webgpu' | 'wasm' | 'cpu';
  /** What the network is fed, (value - mean) * scale, where its file does not say it itself. {"mean": 0, "scale": 1}: 0..255 as they are. Or the name of what a well-known program feeds: arcface-onnx, adaface-bgr, facenet, imagenet. */
  readonly normalization?: NormalizationChoice;
  /** matrix: features.bin, a row per image; files: <name>_<algorithm>_<height>x<width>.bin, a column each, as MegaFace's development kit reads them. */
  readonly layout: 'matrix' | 'files';
  /** Part of the file names of layout files: what the development kit calls the algorithm. */
  readonly algorithm: string;
  /** An image that cannot be decoded: a failure, or it gets no row and is named. */
  readonly unreadable: 'fail' | 'skip';
}

/** Absolute paths of what the stage reads. */
export interface Inputs {
  /** The embedding network: a model folder or a file of any model format; of several the rows are concatenated. */
  readonly model: readonly string[];
  /** Aligned probes: <person>/<image>, as align writes FaceScrub; or shards (.tar). */
  readonly probes: string | undefined;
  /** Which of the probes, in which order: a packing list, or a list of the development kit. */
  readonly probeList: string | undefined;
  /** A packed set, in place of probes. */
  readonly probeSet: string | undefined;
  /** Aligned distractors: <digits>/<user>/<image>, as align writes MegaFace; or shards (.tar). */
  readonly distractors: string | undefined;
  /** Which of the distractors, in which order: a packing list, or a list of the development kit. */
  readonly distractorList: string | undefined;
  /** A packed set, in place of distractors. */
  readonly distractorSet: string | undefined;
}

/** Absolute paths of what the stage has to write. */
export interface Outputs {
  /** Features of the probes; empty without probes. */
  readonly probes: string;
  /** Features of the distractors; empty without distractors. */
  readonly distractors: string;
}
