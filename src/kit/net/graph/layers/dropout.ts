import type { LayerDefinition } from './layer-definition.ts';

export interface DropoutAttributes {
  /** Share of the values set to 0 in training; the others are divided by 1 - rate. */
  readonly rate: number;
}

/** MXNet's `Dropout`. */
export const dropout: LayerDefinition<DropoutAttributes> = {
  summary: 'Leaves out random values in training; the identity otherwise.',
  inputs: 1,
  attributes: { rate: { type: 'number', minimum: 0, below: 1 } },
  outputShape: (_attributes, [input = []]) => input,
  parameters: () => [],
  multiplyAdds: () => 0,
};
