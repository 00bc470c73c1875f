import { InvalidArgumentError, Option, type Command } from 'commander';
import { readExperimentOptions, type ExperimentOptions } from './experiment-options.ts';
import type { Call } from './flow-command.ts';
import { readSelectionOptions, type SelectionOptions } from './selection-options.ts';

/** How a run is to go about its tasks: where, how fast and how loud, never what. */
export interface RunSettings {
  readonly jobs?: number;
  readonly cpus?: number;
  readonly keepGoing: boolean;
  readonly failFast: boolean;
  readonly retries: number;
  readonly json: boolean;
}

export type RunOptions = ExperimentOptions & SelectionOptions & RunSettings;

/** Declares `--jobs`, `--cpus`, `--keep-going`, `--fail-fast`, `--retries` and `--json`. */
export function declareRunManner(command: Command): void {
  command
    .option(
      '-j, --jobs <n>',
      'tasks at the same time, each with the processors it asks for (default: as --cpus)',
      wholeNumber(1),
    )
    .option(
      '--cpus <n>',
      'processors that all tasks share, "cpus: all" included (default: those there are)',
      wholeNumber(1),
    )
    .option('-k, --keep-going', 'after a failure, go on with everything that does not depend on it', false)
    .addOption(new Option('--fail-fast', 'after a failure, stop what runs too').conflicts('keepGoing').default(false))
    .option('--retries <n>', 'try each failed task again so often', wholeNumber(0), 0)
    .option('--json', 'print events as newline-delimited JSON', false);
}

export function readRunOptions(call: Call): RunOptions {
  return { ...readRunManner(call), ...readExperimentOptions(call), ...readSelectionOptions(call) };
}

export function readRunManner(call: Call): RunSettings {
  const { jobs, cpus, keepGoing, failFast, retries, json } = call.options as RunSettings;
  return { ...(jobs && { jobs }), ...(cpus && { cpus }), keepGoing, failFast, retries, json };
}

/** Reads a whole number of at least `least`, for an option. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    if (!/^[0-9]+$/.test(text) || Number(text) < least) {
      throw new InvalidArgumentError(`expected a whole number of at least ${least}`);
    }
    return Number(text);
  };
}
