import type { LayerDefinition } from './layer-definition.ts';

/** MXNet's `_copy`; ResNets begin with one named `id`. */
export const identity: LayerDefinition<object> = {
  summary: 'Gives what it takes.',
  inputs: 1,
  attributes: {},
  outputShape: (_attributes, [input = []]) => input,
  parameters: () => [],
  multiplyAdds: () => 0,
};
