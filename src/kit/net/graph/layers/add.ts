import type { LayerDefinition } from './layer-definition.ts';

/** MXNet's `elemwise_add`. */
export const add: LayerDefinition<object> = {
  summary: 'The sum of two inputs of one shape.',
  inputs: 2,
  attributes: {},
  outputShape(_attributes, [left = [], right = []]) {
    const same = left.length === right.length && left.every((size, axis) => size === right[axis]);
    return same ? left : `cannot add [${left.join(', ')}] and [${right.join(', ')}]`;
  },
  parameters: () => [],
  multiplyAdds: () => 0,
};
