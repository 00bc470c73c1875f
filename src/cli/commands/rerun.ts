import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { canonicalJson, type Json } from '../../base/digest.ts';
import { fail } from '../../base/failure.ts';
import { factsOf, findRun } from '../../record/find-run.ts';
import { recordedExperiment, type RunFacts } from '../../record/run-facts.ts';
import type { ExperimentOptions } from '../experiment-options.ts';
import type { FlowCommand } from '../flow-command.ts';
import { plannedExperiment } from '../planned-experiment.ts';
import { declareRunManner, readRunManner } from '../run-options.ts';
import { exitCodeOf, startRun } from '../start-run.ts';
import { inWorkspace } from '../workspace-option.ts';

export const command: FlowCommand = {
  declare(command) {
    command
      .argument('<run>', 'id of a run (or how it begins), or an experiment for its last run')
      .option('--workspace <folder>', 'the folder that holds runs/ (default: here)');
    declareRunManner(command);
  },
  run: (call, surroundings) =>
    inWorkspace(call, surroundings, async (workspace) => {
      const facts = factsOf(workspace.database, findRun(workspace.database, String(call.arguments[0])));
      const { file, dispose } = experimentFile(facts, workspace.folder);
      const options: ExperimentOptions = {
        file,
        set: facts.call.overrides,
        setFile: facts.call.overrideFiles,
        profile: facts.call.profile ?? undefined,
        workspace: workspace.folder,
      };
      try {
        const planned = await plannedExperiment(options, { workspace, surroundings, adopts: true });
        checkSame(facts, recordedExperiment(planned.plan.experiment, facts.experiment.text));
        const manner = readRunManner(call);
        return exitCodeOf(await startRun(planned, { ...options, ...manner }, { workspace, surroundings }));
      } finally {
        dispose();
      }
    }),
};

/** The recorded text as a file: that of the experiment where it has not changed, or one beside it for the time of the run. */
function experimentFile({ id, experiment }: RunFacts, workspace: string): { file: string; dispose: () => void } {
  const { file, text } = experiment;
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return { file, dispose: () => undefined };
  const folder = existsSync(dirname(file)) ? dirname(file) : workspace;
  const copy = join(folder, `.${basename(file)}.${id}.yaml`);
  writeFileSync(copy, text);
  return {
    file: copy,
    dispose: () => {
      rmSync(copy, { force: true });
    },
  };
}

/** Files it extends, variables it reads and kinds of stages may have changed since: then it would be another run. */
function checkSame({ id, experiment }: RunFacts, now: RunFacts['experiment']): void {
  const before = new Map(experiment.tasks.map((task) => [task.id, canonicalJson(task as unknown as Json)]));
  const after = new Map(now.tasks.map((task) => [task.id, canonicalJson(task as unknown as Json)]));
  const differing = [...new Set([...before.keys(), ...after.keys()])].filter(
    (task) => before.get(task) !== after.get(task),
  );
  if (differing.length === 0) return;
  fail({
    code: 'rerun-differs',
    message: `run ${id} cannot be repeated as it was: ${differing.join(', ')} would be something else now`,
    hint: 'files that the experiment extends, the environment, or versions of stages have changed since',
  });
}
