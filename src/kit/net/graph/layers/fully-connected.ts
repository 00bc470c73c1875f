import { type LayerDefinition, elementCount } from './layer-definition.ts';

export interface FullyConnectedAttributes {
  readonly units: number;
  readonly bias: boolean;
}

/** MXNet's `FullyConnected`: the input flattened in the order channels, height, width; weight (units, inputs). */
export const fullyConnected: LayerDefinition<FullyConnectedAttributes> = {
  summary: 'Every output is a weighted sum of all inputs.',
  inputs: 1,
  attributes: { units: { type: 'integer', minimum: 1 }, bias: { type: 'boolean' } },
  outputShape: ({ units }) => [units],
  parameters({ units, bias }, [input = []]) {
    const weight = {
      suffix: 'weight',
      shape: [units, elementCount(input)],
      role: 'trainable',
      initial: 'xavier',
    } as const;
    return bias ? [weight, { suffix: 'bias', shape: [units], role: 'trainable', initial: 0 }] : [weight];
  },
  multiplyAdds: ({ units }, [input = []]) => units * elementCount(input),
};
