import { type LayerDefinition, sameShape } from './layer-definition.ts';

/** ONNX's and MXNet's `erf`; GELU (Hendrycks and Gimpel 2016) is x (1 + erf(x / sqrt 2)) / 2. */
export const erf: LayerDefinition<object> = {
  summary: 'The error function of every element, of which GELU is made.',
  inputs: 1,
  attributes: {},
  outputShape: sameShape,
  outline: { words: () => 'erf', follows: true },
  example: { attributes: {} },
};
