import { type LayerDefinition, sameShape } from './layer-definition.ts';

export interface ScalarAttributes {
  readonly scalar: number;
}

function withScalar(summary: string, sign: string): LayerDefinition<ScalarAttributes> {
  return {
    summary,
    inputs: 1,
    attributes: { scalar: { type: 'number' } },
    outputShape: sameShape,
    outline: { words: ({ scalar }) => `${sign} ${scalar}`, follows: true },
    example: { attributes: { scalar: -1.5 } },
  };
}

/** MXNet's `_minus_scalar`. */
export const minusScalar = withScalar('Subtracts a number from every value.', '-');

/** MXNet's `_mul_scalar`. */
export const multiplyScalar = withScalar('Multiplies all values by one number.', '*');
