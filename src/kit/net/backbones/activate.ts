import type { GraphBuilder } from '../graph/graph-builder.ts';
import { activationFunctions } from '../graph/layers/activation.ts';

/** What a network may have after its normalisations. */
export const activations = ['prelu', ...activationFunctions] as const;

export type Activation = (typeof activations)[number];

export function activate(builder: GraphBuilder, name: string, input: string, activation: Activation): string {
  return activation === 'prelu'
    ? builder.add('prelu', name, input)
    : builder.add('activation', name, input, { function: activation });
}
