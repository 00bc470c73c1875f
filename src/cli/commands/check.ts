import { renderFailures } from '../../pipeline/console/failure-frame.ts';
import { FailureError, type Failure } from '../../core/failure.ts';
import type { Experiment } from '../../pipeline/experiment/experiment.ts';
import { missingInputs } from '../../pipeline/experiment/load-experiment.ts';
import { exitCode } from '../exit-code.ts';
import { declareExperimentOptions, loadFrom, readExperimentOptions } from '../experiment-options.ts';
import type { FlowCommand } from '../flow-command.ts';
import { showsColour } from '../shows-colour.ts';
import { openWorkspace } from '../workspace.ts';

/**
 * Mistakes end as everywhere with exit code 2. What is only odd, and inputs that are not on this machine, are warnings:
 * an experiment can be checked away from its data.
 */
export const command: FlowCommand = {
  declare(command) {
    declareExperimentOptions(command);
    command.option('--json', 'what was found as JSON', false);
  },

  run(call, surroundings) {
    const options = { ...readExperimentOptions(call), allowMissingInputs: true };
    const { stdout, environment } = surroundings;
    const workspace = openWorkspace(surroundings, options.workspace);
    const isJson = call.options['json'] === true;
    const experiment = isJson
      ? loadedOrFailures(() => loadFrom(options, workspace, surroundings))
      : loadFrom(options, workspace, surroundings);
    workspace.close();
    if ('failures' in experiment) {
      stdout.write(`${JSON.stringify(experiment, null, 2)}\n`);
      return Promise.resolve(exitCode.wrongCall);
    }
    const warnings = [...experiment.warnings, ...missingInputs(experiment.tasks)];
    if (isJson) stdout.write(`${JSON.stringify(checkJson(experiment, warnings), null, 2)}\n`);
    else stdout.write(checkText(experiment, warnings, showsColour(stdout, environment)));
    return Promise.resolve(exitCode.done);
  },
};

/** Mistakes as data, where they are asked for as JSON. */
function loadedOrFailures(load: () => Experiment): Experiment | { readonly failures: readonly Failure[] } {
  try {
    return load();
  } catch (error) {
    if (error instanceof FailureError) return { failures: error.failures };
    throw error;
  }
}

function checkJson({ name, tasks }: Experiment, warnings: readonly Failure[]): object {
  return { experiment: name, tasks: tasks.map(({ id }) => id), failures: [], warnings };
}

function checkText({ name, tasks }: Experiment, warnings: readonly Failure[], colour: boolean): string {
  const shown = warnings.length > 0 ? `${renderFailures(warnings, { colour })}\n\n` : '';
  return `${shown}${name}: ${counted(tasks.length, 'task')}, no mistakes, ${counted(warnings.length, 'warning')}\n`;
}

function counted(count: number, noun: string): string {
  return `${count === 0 ? 'no' : String(count)} ${noun}${count === 1 ? '' : 's'}`;
}
