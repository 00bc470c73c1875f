import type { LayerDefinition } from './layer-definition.ts';

/** MXNet's `elemwise_add`. */
export const add: LayerDefinition<object> = {
  summary: 'The sum of two inputs of one shape.',
  inputs: 2,
  attributes: {},
  outputShape(_attributes, [left = [], right = []]) {
    const isSame = left.length === right.length && left.every((size, axis) => size === right[axis]);
    return isSame ? { shape: left } : { problem: `cannot add [${left.join(', ')}] and [${right.join(', ')}]` };
  },
  outline: { words: () => 'sum', isNumbered: true },
  example: { attributes: {} },
};
