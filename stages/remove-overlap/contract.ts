// Generated from stage.json by `npm run generate`; not to be edited.

import type { NormalizationChoice } from '../../src/kit/net/exchange/normalization-presets.ts';

export interface Params {
  /** Cosine of the centre of an identity to an excluded image, or to the centre of an excluded identity, from which on they are one person. */
  readonly threshold: number;
  /** With several sets: an identity of a later one whose centre has this cosine to that of one of an earlier set is left out, as the same person. */
  readonly mergeThreshold: number;
  /** Names of the verification sets, in the order of `pairs`; those of their files unless given. */
  readonly names: readonly string[];
  /** Pairs that are shown in each image of details, and listed in the report. */
  readonly closestPairs: number;
  /** Images at a time. */
  readonly batch: number;
  /** What computes: auto is what FLOW_ENGINE says, or the fastest of onnxruntime, tensorflow, wasm that is installed. */
  readonly engine: 'auto' | 'tensorflow' | 'webgpu' | 'onnxruntime' | 'onnxruntime-webgpu' | 'wasm' | 'cpu';
  /** What the network is fed, (value - mean) * scale, where its file does not say it itself. {"mean": 0, "scale": 1}: 0..255 as they are. Or the name of what a well-known program feeds: arcface-onnx, adaface-bgr, facenet, imagenet. */
  readonly normalization?: NormalizationChoice;
  /** What each record carries: class and whether the image was aligned before, as face2rec2 writes; or the class alone, as dataset_relabel and dataset_merge do. */
  readonly labels: 'class-and-aligned' | 'class';
}

/** Absolute paths of what the stage reads. */
export interface Inputs {
  /** Packed sets; the first is kept but for the excluded people, the others add who is not in those before. */
  readonly datasets: readonly string[];
  /** The embedding network that tells people apart: a model folder or a file of any model format. */
  readonly model: string;
  /** Verification sets (.bin) whose people are taken out. */
  readonly pairs: readonly string[];
  /** Packed sets whose people are taken out. */
  readonly excluded: readonly string[];
}

/** Absolute paths of what the stage has to write. */
export interface Outputs {
  /** The packed set without these people, labels numbered again from 0. */
  readonly dataset: string;
  /** Who was left out and why, the closest pairs, and how many it would be at every threshold, as JSON. */
  readonly overlap: string;
  /** The closest pairs as images, and a table of all identities. */
  readonly details: string;
}
