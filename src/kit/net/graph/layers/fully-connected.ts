import { elementCount } from '../feature-shape.ts';
import { type LayerDefinition, weightAndBias } from './layer-definition.ts';

export interface FullyConnectedAttributes {
  readonly units: number;
  readonly bias: boolean;
}

/** MXNet's `FullyConnected`: the input flattened in the order channels, height, width; weight (units, inputs). */
export const fullyConnected: LayerDefinition<FullyConnectedAttributes> = {
  summary: 'Every output is a weighted sum of all inputs.',
  inputs: 1,
  attributes: { units: { type: 'integer', minimum: 1 }, bias: { type: 'boolean' } },
  outputShape: ({ units }) => ({ shape: [units] }),
  parameters: ({ units, bias }, [input = []]) => weightAndBias([units, elementCount(input)], bias),
  multiplyAdds: ({ units }, [input = []]) => units * elementCount(input),
  outline: { words: ({ units }) => `dense ${units}` },
  example: { attributes: { units: 6, bias: true } },
};
