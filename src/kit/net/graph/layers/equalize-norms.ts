import { type LayerDefinition, takesMaps } from './layer-definition.ts';

/** Added to the sum of squares under the root, so that a position of zeros stays one; MXNet's `L2Normalization` has the same. */
export const normEpsilon = 1e-10;

/**
 * The first half of GNAP (Lin et al., MobiFace++, 2018): every position of a feature map gets the same norm, the mean of
 * the norms over the positions of the sample.
 */
export const equalizeNorms: LayerDefinition<object> = {
  summary: 'Scales the channels at each position to one norm: the mean norm over all positions.',
  inputs: 1,
  attributes: {},
  outputShape: (_attributes, [input = []]) => (input.length === 3 ? { shape: input } : takesMaps(input)),
  outline: { words: () => 'equalize norms' },
  example: { attributes: {} },
};
