import { type LayerDefinition, sameShape } from './layer-definition.ts';

/** Norms below are taken as this: PyTorch's F.normalize has 1e-12; its square has to be a float32 above 0 in other programs. */
export const smallestNorm = 1e-12;

/** ONNX's `LpNormalization` with p 2, MXNet's `L2Normalization`, PyTorch's `F.normalize`; 0 stays 0. */
export const unitLength: LayerDefinition<object> = {
  summary: 'Divides by the Euclidean norm of the channels: of a row, or at each position of a map.',
  inputs: 1,
  attributes: {},
  outputShape: sameShape,
  outline: { words: () => 'unit length', follows: true },
  example: { attributes: {} },
};
