import { adamw, type AdamwOptions } from './adamw.ts';
import { bindRule, type BoundRule } from './optimizer.ts';
import { sgd, type SgdOptions } from './sgd.ts';

/** The rules by which weights follow their gradients. */
export const optimizers = { sgd, adamw } as const;

export type OptimizerName = keyof typeof optimizers;

/** Chosen where an experiment names none. */
export const defaultOptimizer = 'sgd' satisfies OptimizerName;

/** The choice of an optimizer as an experiment makes it: its name (none: sgd), and all its options with defaults filled in. */
export type OptimizerChoice = ({ readonly name?: 'sgd' } & SgdOptions) | ({ readonly name: 'adamw' } & AdamwOptions);

export function ruleOf(choice: OptimizerChoice): BoundRule {
  return choice.name === 'adamw' ? bindRule(adamw, choice) : bindRule(sgd, choice);
}
