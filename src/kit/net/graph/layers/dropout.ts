import { type LayerDefinition, sameShape } from './layer-definition.ts';

export interface DropoutAttributes {
  /** Share of the values set to 0 in training; the others are divided by 1 - rate. */
  readonly rate: number;
}

/** MXNet's `Dropout`. */
export const dropout: LayerDefinition<DropoutAttributes> = {
  summary: 'Leaves out random values in training; the identity otherwise.',
  inputs: 1,
  attributes: { rate: { type: 'number', minimum: 0, exclusiveMaximum: 1 } },
  outputShape: sameShape,
  outline: { words: ({ rate }) => `dropout ${Math.round(100 * rate)} %`, follows: true, isNumbered: true },
  example: { attributes: { rate: 0.4 } },
};
