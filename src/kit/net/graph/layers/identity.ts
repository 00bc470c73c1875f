import { type LayerDefinition, sameShape } from './layer-definition.ts';

/** MXNet's `_copy`; ResNets begin with one named `id`. */
export const identity: LayerDefinition<object> = {
  summary: 'Returns its input.',
  inputs: 1,
  attributes: {},
  outputShape: sameShape,
  outline: { words: () => 'identity', follows: true },
  example: { attributes: {} },
};
