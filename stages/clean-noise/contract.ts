// Generated from stage.json by `npm run generate`; not to be edited.

import type { NormalizationChoice } from '../../src/kit/net/exchange/normalization-presets.ts';

export interface Params {
  /** centre: drops images whose cosine to the centre of their identity is below the threshold; clusters: keeps the largest cluster of each identity. */
  readonly mode: 'centre' | 'clusters';
  /** Of mode centre: the cosine to the centre that an image is kept from. */
  readonly threshold: number;
  /** Of mode clusters: images at this Euclidean distance of their unit vectors, or nearer, are of one cluster. */
  readonly distance: number;
  /** Of mode clusters: so many clusters of an identity are looked at, in the order of their first images; 0: all. */
  readonly clusters: number;
  /** Number the labels again from 0; false: identities that vanish leave gaps, as the 2018 tool does. */
  readonly renumber: boolean;
  /** Dropped images that are shown in details. */
  readonly shownImages: number;
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
  /** The packed set. */
  readonly dataset: string;
  /** The embedding network that tells people apart: a model folder or a file of any model format. */
  readonly model: string;
}

/** Absolute paths of what the stage has to write. */
export interface Outputs {
  /** The packed set without these images. */
  readonly dataset: string;
  /** How many images and identities were dropped, and how many it would be at every threshold, as JSON. */
  readonly noise: string;
  /** A line for each image of the set as it was: its number from 1, its cosine to the centre of its identity, its second label. */
  readonly c2c: string;
  /** The dropped images, each beside the one that is nearest to the centre, and a table of them. */
  readonly details: string;
}
