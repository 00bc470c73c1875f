// Generated from stage.json by `npm run generate`; not to be edited.

import type { NormalizationChoice } from '../../src/kit/net/exchange/normalization-presets.ts';

export interface Params {
  /** Images at a time. */
  readonly batch: number;
  /** What computes: auto is what FLOW_ENGINE says, or the fastest of onnxruntime, tensorflow, wasm that is installed. */
  readonly engine: 'auto' | 'tensorflow' | 'webgpu' | 'onnxruntime' | 'onnxruntime-webgpu' | 'wasm' | 'cpu';
  /** What the network is fed, (value - mean) * scale, where its file does not say it itself. {"mean": 0, "scale": 1}: 0..255 as they are. Or the name of what a well-known program feeds: arcface-onnx, adaface-bgr, facenet, imagenet. */
  readonly normalization?: NormalizationChoice;
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
