import type { Command } from 'commander';
import type { SelectionRequest } from '../pipeline/plan/select-tasks.ts';
import type { Call } from './flow-command.ts';

/** Which tasks a command means, and which of them to run in any case. */
export interface SelectionOptions extends SelectionRequest {
  readonly force: readonly string[];
}

/** Declares the arguments after FILE and `--only`, `--from`, `--until`, `--force`. */
export function declareSelectionOptions(command: Command): void {
  command
    .argument('[tasks...]', 'tasks with all they need, or train..verify for what lies between')
    .option('--only <task>', 'this task alone; what it needs has to be in the cache (repeatable)', collect, [])
    .option('--from <task>', 'this task and everything that depends on it (repeatable)', collect, [])
    .option('--until <task>', 'this task and everything it needs (repeatable)', collect, [])
    .option('--force <task>', 'run this task though its result is known (repeatable)', collect, []);
}

export function readSelectionOptions(call: Call): SelectionOptions {
  const { only, from, until, force } = call.options as Omit<SelectionOptions, 'ranges'>;
  const ranges = call.arguments[1] as readonly string[] | undefined;
  return { ranges: ranges ?? [], only, from, until, force };
}

function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}
