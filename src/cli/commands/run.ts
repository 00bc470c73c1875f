import { throwIfAny } from '../../core/failure.ts';
import { paintWith } from '../../core/text/paint.ts';
import {
  declareExperimentOptions,
  declareRunSettings,
  declareSelectionOptions,
  readRunOptions,
  answer,
  exitCode,
  showsColour,
  type FlowCommand,
} from '../flow-command.ts';
import { plannedExperiment, type PlannedExperiment } from '../planned-experiment.ts';
import { exitCodeOf, startRun } from '../start-run.ts';
import { inWorkspace, type Workspace } from '../workspace.ts';

export const command: FlowCommand = {
  declare(command) {
    declareExperimentOptions(command);
    declareSelectionOptions(command);
    declareRunSettings(command);
    command
      .option('-n, --dry-run', 'show what would run, and why; run nothing', false)
      .option('--locked', 'refuse inputs that are not what flow.lock says', false);
  },
  run: (call, context) =>
    inWorkspace(call, context, async (workspace) => {
      const options = readRunOptions(call);
      const isDry = call.options['dryRun'] === true;
      const planned = await plannedExperiment(options, { workspace, context, adopts: !isDry, runsNothing: isDry });
      if (call.options['locked'] === true) await checkLock(planned, workspace);
      if (!isDry) return exitCodeOf(await startRun(planned, options, { workspace, context }));
      const { planJson, planText } = await import('../../pipeline/console/plan-text.ts');
      const paint = paintWith(showsColour(context.stdout, context.environment));
      answer(call, context, { json: planJson(planned.plan), text: planText(planned.plan, paint, true) });
      return exitCode.done;
    }),
};

/** Fails with every input that is not what flow.lock says. */
async function checkLock({ plan: { experiment } }: PlannedExperiment, workspace: Workspace): Promise<void> {
  const { inputDigests, lockViolations } = await import('../../pipeline/record/input-lock.ts');
  throwIfAny(lockViolations(experiment, await inputDigests(experiment, workspace.digests)));
}
