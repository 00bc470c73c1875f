import type { LayerDefinition } from './layer-definition.ts';

export interface ScalarAttributes {
  readonly scalar: number;
}

function withScalar(summary: string): LayerDefinition<ScalarAttributes> {
  return {
    summary,
    inputs: 1,
    attributes: { scalar: { type: 'number' } },
    outputShape: (_attributes, [input = []]) => input,
    parameters: () => [],
    multiplyAdds: () => 0,
  };
}

/** MXNet's `_minus_scalar`. */
export const minusScalar = withScalar('Subtracts a number from every value.');

/** MXNet's `_mul_scalar`. */
export const multiplyScalar = withScalar('Multiplies every value by a number.');
