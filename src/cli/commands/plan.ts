import { paintWith } from '../../core/text/paint.ts';
import { planJson, planText } from '../../pipeline/console/plan-text.ts';
import {
  declareExperimentOptions,
  declareSelectionOptions,
  readExperimentOptions,
  readSelectionOptions,
  answer,
  exitCode,
  showsColour,
  type FlowCommand,
} from '../flow-command.ts';
import { plannedExperiment } from '../planned-experiment.ts';
import { inWorkspace } from '../workspace.ts';

export const command: FlowCommand = {
  declare(command) {
    declareExperimentOptions(command);
    declareSelectionOptions(command);
    command.option('--json', 'the plan as JSON', false);
  },
  run: (call, context) =>
    inWorkspace(call, context, async (workspace) => {
      const options = { ...readExperimentOptions(call), ...readSelectionOptions(call) };
      const { plan } = await plannedExperiment(options, { workspace, context });
      const paint = paintWith(showsColour(context.stdout, context.environment));
      answer(call, context, { json: planJson(plan), text: planText(plan, paint) });
      return exitCode.done;
    }),
};
