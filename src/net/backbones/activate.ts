import type { GraphBuilder } from '../graph-builder.ts';
import { activationFunctions } from '../layers/activation.ts';

/** What a network may have after its normalisations. */
export const activations = ['prelu', ...activationFunctions] as const;

export type Activation = (typeof activations)[number];

export function activate(builder: GraphBuilder, name: string, input: string, activation: Activation): string {
  return activation === 'prelu'
    ? builder.add('prelu', name, input)
    : builder.add('activation', name, input, { function: activation });
}
