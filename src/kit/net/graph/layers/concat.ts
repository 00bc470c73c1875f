import type { FeatureShape } from '../feature-shape.ts';
import type { LayerDefinition } from './layer-definition.ts';

/** MXNet's `Concat` along the channels. */
export const concat: LayerDefinition<object> = {
  summary: 'The channels of all inputs, one input after the other.',
  inputs: 'one or more',
  attributes: {},
  outputShape(_attributes, inputs) {
    const [first = [], ...others] = inputs;
    const other = others.find((shape) => !isOfSameSize(first, shape));
    if (other !== undefined) {
      return { problem: `cannot put the channels of [${first.join(', ')}] and [${other.join(', ')}] together` };
    }
    return { shape: [inputs.reduce((sum, [channels = 0]) => sum + channels, 0), ...first.slice(1)] };
  },
  outline: { words: () => 'concat', isNumbered: true },
  example: {
    attributes: {},
    inputs: [
      [4, 9, 8],
      [2, 9, 8],
      [1, 9, 8],
    ],
  },
};

function isOfSameSize(left: FeatureShape, right: FeatureShape): boolean {
  return left.length === right.length && left.every((size, axis) => axis === 0 || size === right[axis]);
}
