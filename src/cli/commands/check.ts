import { renderFailures } from '../../report/failure-frame.ts';
import type { Failure } from '../../base/failure.ts';
import type { Experiment } from '../../spec/experiment.ts';
import { missingInputs } from '../../spec/missing-inputs.ts';
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
    const experiment = loadFrom(options, workspace, surroundings);
    workspace.close();
    const warnings = [...experiment.warnings, ...missingInputs(experiment.tasks)];
    if (call.options['json'] === true) stdout.write(`${JSON.stringify(checkJson(experiment, warnings), null, 2)}\n`);
    else stdout.write(checkText(experiment, warnings, showsColour(stdout, environment)));
    return Promise.resolve(exitCode.done);
  },
};

function checkJson({ name, tasks }: Experiment, warnings: readonly Failure[]): object {
  return { experiment: name, tasks: tasks.map(({ id }) => id), warnings };
}

function checkText({ name, tasks }: Experiment, warnings: readonly Failure[], colour: boolean): string {
  const shown = warnings.length > 0 ? `${renderFailures(warnings, { colour })}\n\n` : '';
  return `${shown}${name}: ${counted(tasks.length, 'task')}, no mistakes, ${counted(warnings.length, 'warning')}\n`;
}

function counted(count: number, noun: string): string {
  return `${count === 0 ? 'no' : String(count)} ${noun}${count === 1 ? '' : 's'}`;
}
