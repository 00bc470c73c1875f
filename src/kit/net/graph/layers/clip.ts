import type { LayerDefinition } from './layer-definition.ts';

export interface ClipAttributes {
  readonly minimum: number;
  readonly maximum: number;
}

/** ONNX's `Clip`, MXNet's `clip`; ReLU6 (Howard et al. 2017) with 0 and 6. */
export const clip: LayerDefinition<ClipAttributes> = {
  summary: 'The nearest value within bounds; 0 and 6 make ReLU6.',
  inputs: 1,
  attributes: { minimum: { type: 'number' }, maximum: { type: 'number' } },
  outputShape: ({ minimum, maximum }, [input = []]) =>
    minimum < maximum ? { shape: input } : { problem: `has bounds ${minimum} and ${maximum}, which are in no order` },
  outline: { words: ({ minimum, maximum }) => `within ${minimum} and ${maximum}`, follows: true },
  example: { attributes: { minimum: -0.5, maximum: 0.25 } },
};
