import { elementCount } from '../feature-shape.ts';
import type { LayerDefinition } from './layer-definition.ts';

/** MXNet's `Flatten`: the order is channels, height, width, whatever layout a backend computes in. */
export const flatten: LayerDefinition<object> = {
  summary: 'Puts all values of a sample in one row.',
  inputs: 1,
  attributes: {},
  outputShape: (_attributes, [input = []]) => ({ shape: [elementCount(input)] }),
  outline: { words: () => 'flatten', follows: true },
  example: { attributes: {} },
};
