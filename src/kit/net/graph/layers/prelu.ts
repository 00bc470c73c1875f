import { type LayerDefinition, sameShape } from './layer-definition.ts';

/** PReLU (He et al. 2015, equation 1), MXNet's `LeakyReLU` with act_type prelu: one slope per channel, 0.25 at first. */
export const prelu: LayerDefinition<object> = {
  summary: 'x where x is positive, otherwise x times a slope of its channel.',
  inputs: 1,
  attributes: {},
  outputShape: sameShape,
  parameters: (_attributes, [input = []]) => [
    { suffix: 'gamma', shape: [input[0] ?? 0], role: 'trainable', initial: 0.25 },
  ],
  outline: { words: () => 'PReLU', follows: true },
  example: { attributes: {} },
};
