import { renderFailures } from '../../core/text/failure-frame.ts';
import { FailureError, throwIfAny, type Failure } from '../../core/failure.ts';
import { counted } from '../../core/human.ts';
import type { Experiment } from '../../pipeline/experiment/experiment.ts';
import { foreseenFailures } from '../../pipeline/execute/check-inputs.ts';
import { missingInputs } from '../../pipeline/experiment/load-experiment.ts';
import {
  declareExperimentOptions,
  readExperimentOptions,
  answer,
  exitCode,
  showsColour,
  type FlowCommand,
} from '../flow-command.ts';
import { beforeAnyRan, loadFrom } from '../planned-experiment.ts';
import { inWorkspace } from '../workspace.ts';

/**
 * Mistakes end as everywhere with exit code 2. What is merely odd, and inputs that are not on this machine, are warnings:
 * an experiment can be checked away from its data. What is wrong with inputs that are here is a mistake.
 */
export const command: FlowCommand = {
  declare(command) {
    declareExperimentOptions(command);
    command.option('--json', 'what was found as JSON', false);
  },

  run: (call, context) =>
    inWorkspace(call, context, async (workspace) => {
      const load = async (): Promise<Experiment> => {
        const experiment = loadFrom({ ...readExperimentOptions(call), allowMissingInputs: true }, workspace, context);
        throwIfAny(await foreseenFailures(experiment.tasks, beforeAnyRan(context)));
        return experiment;
      };
      const found = await (call.options['json'] === true ? loadedOrFailures(load) : load());
      if ('failures' in found) {
        answer(call, context, { json: found, text: '' });
        return exitCode.wrongCall;
      }
      const warnings = [...found.warnings, ...missingInputs(found.tasks)];
      const text = checkText(found, warnings, showsColour(context.stdout, context.environment));
      answer(call, context, { json: checkJson(found, warnings), text });
      return exitCode.done;
    }),
};

/** Mistakes as data, where they are asked for as JSON. */
async function loadedOrFailures(
  load: () => Promise<Experiment>,
): Promise<Experiment | { readonly failures: readonly Failure[] }> {
  try {
    return await load();
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
  return `${shown}${name}: ${counted(tasks.length, 'task')}, no mistakes, ${warnings.length === 0 ? 'no warnings' : counted(warnings.length, 'warning')}`;
}
