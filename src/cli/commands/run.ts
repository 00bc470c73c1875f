import { exitCode } from '../exit-code.ts';
import { declareExperimentOptions } from '../experiment-options.ts';
import type { FlowCommand, ProcessContext } from '../flow-command.ts';
import { plannedExperiment, type PlannedExperiment } from '../planned-experiment.ts';
import { declareRunManner, readRunOptions } from '../run-options.ts';
import { declareSelectionOptions } from '../selection-options.ts';
import { showsColour } from '../shows-colour.ts';
import { exitCodeOf, startRun } from '../start-run.ts';
import { openWorkspace, type Workspace } from '../workspace.ts';

export const command: FlowCommand = {
  declare(command) {
    declareExperimentOptions(command);
    declareSelectionOptions(command);
    declareRunManner(command);
    command
      .option('-n, --dry-run', 'say what would run, and why; run nothing', false)
      .option('--locked', 'refuse inputs that are not what flow.lock says', false);
  },

  async run(call, surroundings) {
    const options = readRunOptions(call);
    const workspace = openWorkspace(surroundings, options.workspace);
    const isDry = call.options['dryRun'] === true;
    try {
      const planned = await plannedExperiment(options, { workspace, surroundings, adopts: !isDry });
      if (call.options['locked'] === true) await refuseUnlocked(planned, workspace);
      if (!isDry) return exitCodeOf(await startRun(planned, options, { workspace, surroundings }));
      await showPlan(planned, options.json, surroundings);
      return exitCode.done;
    } finally {
      workspace.close();
    }
  },
};

async function refuseUnlocked({ plan }: PlannedExperiment, workspace: Workspace): Promise<void> {
  const { checkLocked } = await import('../locked-inputs.ts');
  await checkLocked(plan.experiment, workspace);
}

async function showPlan({ plan }: PlannedExperiment, json: boolean, surroundings: ProcessContext): Promise<void> {
  const { planJson, planText } = await import('../plan-text.ts');
  const { paintWith } = await import('../../core/text/paint.ts');
  const { stdout, environment } = surroundings;
  const text = json ? JSON.stringify(planJson(plan)) : planText(plan, paintWith(showsColour(stdout, environment)));
  stdout.write(`${text}\n`);
}
