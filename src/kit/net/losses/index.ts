import { arcface } from './arcface.ts';
import type { Loss } from './loss.ts';
import { softmax } from './softmax.ts';

/** The losses a network can be trained with. */
export const losses = { softmax, arcface } as const;

export type LossName = keyof typeof losses;

/** The choice of a loss as an experiment makes it: its name, and all its options with defaults filled in. */
export type LossChoice = { [Name in LossName]: { readonly name: Name } & OptionsOf<Name> }[LossName];

type OptionsOf<Name extends LossName> = (typeof losses)[Name] extends Loss<infer Options> ? Options : never;

export function lossOf({ name }: LossChoice): Loss<object> {
  return losses[name];
}
