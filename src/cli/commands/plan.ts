import { paintWith } from '../../core/text/paint.ts';
import { planJson, planText } from '../../pipeline/console/plan-text.ts';
import {
  declareAskVersions,
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
    declareAskVersions(command);
    command.option('--json', 'the plan as JSON', false);
  },
  run: (call, context) =>
    inWorkspace(call, context, async (workspace) => {
      const options = { ...readExperimentOptions(call), ...readSelectionOptions(call) };
      const runsNothing = call.options['askVersions'] !== true;
      const { plan } = await plannedExperiment(options, { workspace, context, runsNothing });
      const paint = paintWith(showsColour(context.stdout, context.environment));
      answer(call, context, { json: planJson(plan), text: planText(plan, paint, runsNothing) });
      return exitCode.done;
    }),
};
