import { type LayerDefinition, sameShape } from './layer-definition.ts';

/** MXNet's `softmax` and `SoftmaxActivation` over the channels; what its `SoftmaxOutput` is in inference. */
export const softmax: LayerDefinition<object> = {
  summary: 'Turns the channels into probabilities: exp(x) over the sum of exp(x).',
  inputs: 1,
  attributes: {},
  outputShape: sameShape,
  outline: { words: () => 'softmax', follows: true },
  example: { attributes: {} },
};
