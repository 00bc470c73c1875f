import type { RunEnd } from '../../pipeline/execute/run-experiment.ts';
import { fail } from '../../core/failure.ts';
import { tasksNamed } from '../../pipeline/plan/select-tasks.ts';
import type { Key } from '../../pipeline/plan/key-document.ts';
import { recordRepetition } from '../../pipeline/record/repetitions.ts';
import { artifactsOf } from '../../pipeline/record/run-details.ts';
import { exitCode, type ExitCode } from '../exit-code.ts';
import { declareExperimentOptions, readExperimentOptions, type ExperimentOptions } from '../experiment-options.ts';
import type { FlowCommand } from '../flow-command.ts';
import { plannedExperiment } from '../planned-experiment.ts';
import { declareRunManner, readRunManner, type RunSettings } from '../run-options.ts';
import { exitCodeOf, startRun, type RunSurroundings } from '../start-run.ts';
import { inWorkspace } from '../workspace-option.ts';

export const command: FlowCommand = {
  declare(command) {
    declareExperimentOptions(command);
    command.argument('<task>', 'the task to run again');
    declareRunManner(command);
  },
  run: (call, surroundings) =>
    inWorkspace(call, surroundings, async (workspace) => {
      const options = { ...readExperimentOptions(call), ...readRunManner(call) };
      return repeat(String(call.arguments[1]), options, { workspace, surroundings });
    }),
};

type Options = ExperimentOptions & RunSettings;

/** Runs a task that has a result once more, stores nothing, and says whether both gave the same. */
async function repeat(name: string, options: Options, tools: RunSurroundings): Promise<ExitCode> {
  const { workspace, surroundings } = tools;
  const first = await plannedExperiment({ ...options, until: [name] }, { ...tools, adopts: true });
  const [task, ...others] = tasksNamed(first.plan.experiment, name);
  if (task === undefined || others.length > 0) severalTasks(name, [task ?? '', ...others]);
  if (first.plan.tasks.some(({ state }) => state !== 'cached')) {
    const end = await startRun(first, options, tools);
    if (end.outcome !== 'done') return exitCodeOf(end);
  }
  const again = await plannedExperiment({ ...options, only: [task], force: [task] }, { ...tools, adopts: true });
  const end = await startRun(again, options, { ...tools, isTrial: true });
  if (end.outcome !== 'done') return exitCodeOf(end);
  const { key, differing } = await compare(task, end, tools);
  const isIdentical = differing.length === 0;
  recordRepetition(workspace.record, { key, task, at: Date.now(), differing });
  const verdict = isIdentical
    ? 'gives the same again, byte for byte'
    : `does not give the same again: ${differing.join(', ')}`;
  const answer = { type: 'repeated', task, key, identical: isIdentical, differing };
  surroundings.stdout.write(options.json ? `${JSON.stringify(answer)}\n` : `${task} ${verdict}\n`);
  return isIdentical ? exitCode.done : exitCode.taskFailed;
}

async function compare(
  task: string,
  end: RunEnd,
  { workspace }: RunSurroundings,
): Promise<{ key: string; differing: string[] }> {
  const artifacts = artifactsOf(workspace.database, end.run).filter((artifact) => artifact.task === task);
  const key = workspace.database
    .prepare<[string, string], Key>('select key from task where run = ? and task = ?')
    .pluck()
    .get(end.run, task);
  const lookup = key === undefined ? undefined : await workspace.cache.find(key);
  if (key === undefined || lookup?.state !== 'whole') throw new Error(`the result of ${task} is gone`);
  const stored = lookup.entry.outputs;
  const differing = artifacts.filter(({ port, digest }) => stored[port]?.digest !== digest).map(({ port }) => port);
  return { key, differing };
}

function severalTasks(name: string, tasks: readonly string[]): never {
  fail({
    code: 'several-tasks',
    message: `"${name}" stands for ${tasks.length} tasks; one can be repeated at a time`,
    hint: tasks.join(', '),
  });
}
