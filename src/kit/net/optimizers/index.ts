import { adamw } from './adamw.ts';
import { bindRule, type BoundRule, type OptimizerRule } from './optimizer.ts';
import { sgd } from './sgd.ts';

/** The rules by which weights follow their gradients. */
export const optimizers = { sgd, adamw } as const;

export type OptimizerName = keyof typeof optimizers;

/** Chosen where an experiment names none. */
export const defaultOptimizer = 'sgd' satisfies OptimizerName;

type Options = {
  readonly [Name in OptimizerName]: (typeof optimizers)[Name] extends OptimizerRule<infer Own> ? Own : never;
};

/** The choice of an optimizer as an experiment makes it: its name (none: sgd), and all its options with defaults filled in. */
export type OptimizerChoice = {
  [Name in OptimizerName]: Options[Name] &
    (Name extends typeof defaultOptimizer ? { readonly name?: Name } : { readonly name: Name });
}[OptimizerName];

const table: { readonly [Name in OptimizerName]: OptimizerRule<Options[Name]> } = optimizers;

export function ruleOf(choice: OptimizerChoice): BoundRule {
  // The options are those of the rule of this name.
  return bindRule(table[choice.name ?? defaultOptimizer] as OptimizerRule<OptimizerChoice>, choice);
}
