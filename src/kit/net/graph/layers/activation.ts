import { type LayerDefinition, sameShape } from './layer-definition.ts';

export const activationFunctions = ['relu', 'sigmoid', 'tanh', 'softrelu', 'softsign', 'elu'] as const;

export interface ActivationAttributes {
  readonly function: (typeof activationFunctions)[number];
}

/** MXNet's `Activation`; softrelu is log(1 + exp(x)), softsign x / (1 + |x|), elu exp(x) - 1 below 0 (Clevert et al. 2015). */
export const activation: LayerDefinition<ActivationAttributes> = {
  summary: 'A function without parameters, applied to every element.',
  inputs: 1,
  attributes: { function: { enum: activationFunctions } },
  outputShape: sameShape,
  outline: { words: (attributes) => attributes.function, follows: true },
  example: { attributes: { function: 'relu' } },
};
