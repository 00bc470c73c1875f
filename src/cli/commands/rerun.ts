import { join } from 'node:path';
import { canonicalJson } from '../../core/digest.ts';
import { fail, throwIfAny } from '../../core/failure.ts';
import { inputDigest } from '../../pipeline/plan/key-document.ts';
import { factsOf, findRun } from '../../pipeline/record/find-run.ts';
import { changedInputs, recordedInputs } from '../../pipeline/record/recorded-inputs.ts';
import { recordedExperiment, type RunFacts } from '../../pipeline/record/run-facts.ts';
import { failures } from '../failures.ts';
import {
  type FlowCommand,
  declareRunSettings,
  readRunSettings,
  type ExperimentOptions,
  type SelectionOptions,
} from '../flow-command.ts';
import { plannedExperiment, type PlannedExperiment } from '../planned-experiment.ts';
import { exitCodeOf, startRun } from '../start-run.ts';
import { inWorkspace, type Workspace } from '../workspace.ts';

export const command: FlowCommand = {
  declare(command) {
    command
      .argument('<run>', 'id of a run (or how it begins), or an experiment for its last run')
      .option('--with-current-inputs', 'take inputs from outside as they are now, whatever the run read', false)
      .addHelpText('after', '\nTo test whether a task is reproducible: flow repeat FILE TASK.')
      .option('--workspace <folder>', 'the folder that holds runs/ (default: here)');
    declareRunSettings(command);
  },
  run: (call, context) =>
    inWorkspace(call, context, async (workspace) => {
      const facts = factsOf(workspace.database, findRun(workspace.database, String(call.arguments[0])));
      const { file, text, sources = {} } = facts.experiment;
      const options: ExperimentOptions & Partial<SelectionOptions> = {
        file,
        set: facts.call.overrides,
        setFile: facts.call.overrideFiles,
        profile: facts.call.profile ?? undefined,
        workspace: workspace.folder,
        // As they were, whatever has become of the files since.
        texts: new Map([[file, text], ...Object.entries(sources)]),
        ...facts.call.selection,
      };
      const planned = await plannedExperiment(options, { workspace, context, adopts: true });
      checkSame(facts, recordedExperiment(planned.plan.experiment));
      if (call.options['withCurrentInputs'] !== true) await checkInputs(facts.id, planned, workspace);
      const settings = readRunSettings(call);
      return exitCodeOf(await startRun(planned, { ...options, ...settings }, { workspace, context }));
    }),
};

async function checkInputs(run: string, { plan, knowledge }: PlannedExperiment, workspace: Workspace): Promise<void> {
  const recorded = recordedInputs(join(workspace.runsFolder, run));
  throwIfAny(
    await changedInputs(plan.experiment.tasks, recorded, (binding) =>
      inputDigest(binding, (path) => knowledge.digestPath(path)),
    ),
  );
}

/** Variables it reads and kinds of stages may have changed since: then it would be another run. */
function checkSame({ id, experiment }: RunFacts, now: RunFacts['experiment']): void {
  const before = new Map(experiment.tasks.map((task) => [task.id, canonicalJson(task)]));
  const after = new Map(now.tasks.map((task) => [task.id, canonicalJson(task)]));
  const differing = [...new Set([...before.keys(), ...after.keys()])].filter(
    (task) => before.get(task) !== after.get(task),
  );
  if (differing.length > 0) fail(failures.rerunDiffers({ run: id, tasks: differing }));
}
