import { type LayerDefinition, elementCount } from './layer-definition.ts';

/** MXNet's `Flatten`: the order is channels, height, width, whatever layout an engine computes in. */
export const flatten: LayerDefinition<object> = {
  summary: 'Puts all values of a sample in one row.',
  inputs: 1,
  attributes: {},
  outputShape: (_attributes, [input = []]) => [elementCount(input)],
  parameters: () => [],
  multiplyAdds: () => 0,
};
