import type { UnnamedLayer } from '../graph/graph.ts';

/** What files do with a computed value and a constant after it. */
export const arithmetic = ['Add', 'Sub', 'Mul', 'Div'] as const;

export type Arithmetic = (typeof arithmetic)[number];

/** A value and one number, as a layer. */
export function scalarLayer(
  operation: Arithmetic,
  input: string,
  scalar: number,
): UnnamedLayer<'minus-scalar'> | UnnamedLayer<'multiply-scalar'> {
  const inputs = [input];
  if (operation === 'Add' || operation === 'Sub') {
    return { kind: 'minus-scalar', inputs, attributes: { scalar: operation === 'Sub' ? scalar : -scalar } };
  }
  return { kind: 'multiply-scalar', inputs, attributes: { scalar: operation === 'Div' ? 1 / scalar : scalar } };
}

interface PerChannel {
  readonly layer: UnnamedLayer<'batch-normalization'>;
  /** By suffix. */
  readonly parameters: Readonly<Record<'gamma' | 'beta' | 'moving_mean' | 'moving_var', Float32Array>>;
}

/** A value and a number for each channel: factor and addend are a batch normalisation whose statistics are 0 and 1. */
export function perChannelLayer(operation: Arithmetic, input: string, values: Float32Array): PerChannel {
  const filled = (value: number): Float32Array => new Float32Array(values.length).fill(value);
  const isFactor = operation === 'Mul' || operation === 'Div';
  const factors = isFactor ? values.map((value) => (operation === 'Div' ? 1 / value : value)) : filled(1);
  const addends = isFactor ? filled(0) : values.map((value) => (operation === 'Sub' ? -value : value));
  return {
    layer: {
      kind: 'batch-normalization',
      inputs: [input],
      attributes: { epsilon: 0, momentum: 0.9, fixGamma: false },
    },
    parameters: { gamma: factors, beta: addends, moving_mean: filled(0), moving_var: filled(1) },
  };
}
