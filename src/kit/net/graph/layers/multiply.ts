import type { LayerDefinition } from './layer-definition.ts';

/** MXNet's `elemwise_mul`, and `broadcast_mul` with one factor per channel. */
export const multiply: LayerDefinition<object> = {
  summary: 'The product of two inputs of one shape, or of an input and one factor for each of its channels.',
  inputs: 2,
  attributes: {},
  outputShape(_attributes, [left = [], right = []]) {
    const isSame = left.length === right.length && left.every((size, axis) => size === right[axis]);
    const isPerChannel = right[0] === left[0] && right.slice(1).every((size) => size === 1);
    if (isSame || isPerChannel) return { shape: left };
    const expected = 'the second input has the shape of the first, or one value per channel';
    return { problem: `cannot multiply [${left.join(', ')}] by [${right.join(', ')}]: ${expected}` };
  },
  outline: { words: () => 'product', isNumbered: true },
  example: { attributes: {}, inputs: [[4, 9, 8], [4]] },
};
