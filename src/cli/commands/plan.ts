import { paintWith } from '../../core/text/paint.ts';
import { exitCode } from '../exit-code.ts';
import { declareExperimentOptions, readExperimentOptions } from '../experiment-options.ts';
import type { FlowCommand } from '../flow-command.ts';
import { planJson, planText } from '../plan-text.ts';
import { plannedExperiment } from '../planned-experiment.ts';
import { declareSelectionOptions, readSelectionOptions } from '../selection-options.ts';
import { showsColour } from '../shows-colour.ts';
import { openWorkspace } from '../workspace.ts';

export const command: FlowCommand = {
  declare(command) {
    declareExperimentOptions(command);
    declareSelectionOptions(command);
    command.option('--json', 'the plan as JSON', false);
  },

  async run(call, surroundings) {
    const options = { ...readExperimentOptions(call), ...readSelectionOptions(call) };
    const workspace = openWorkspace(surroundings, options.workspace);
    const { stdout, environment } = surroundings;
    try {
      const { plan } = await plannedExperiment(options, { workspace, surroundings });
      const isJson = call.options['json'] === true;
      const text = isJson
        ? JSON.stringify(planJson(plan), null, 2)
        : planText(plan, paintWith(showsColour(stdout, environment)));
      stdout.write(`${text}\n`);
      return exitCode.done;
    } finally {
      workspace.close();
    }
  },
};
