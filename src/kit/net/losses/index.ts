import { arcface } from './arcface.ts';
import { cosface } from './cosface.ts';
import { bindLoss, type BoundLoss, type Loss } from './loss.ts';
import { softmax } from './softmax.ts';

/** The losses that a network can be trained with. */
export const losses = { softmax, arcface, cosface } as const;

export type LossName = keyof typeof losses;

type Options = { readonly [Name in LossName]: (typeof losses)[Name] extends Loss<infer Own> ? Own : never };

/** The choice of a loss as an experiment makes it: its name, and all its options with defaults filled in. */
export type LossChoice<Name extends LossName = LossName> = {
  [Each in Name]: { readonly name: Each } & Options[Each];
}[Name];

const table: { readonly [Name in LossName]: Loss<Options[Name]> } = losses;

export function lossOf<Name extends LossName>(choice: LossChoice<Name>): BoundLoss {
  return bindLoss(table[choice.name], choice);
}
