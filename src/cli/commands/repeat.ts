import type { RunEnd } from '../../pipeline/execute/run-experiment.ts';
import { fail } from '../../core/failure.ts';
import { tasksNamed } from '../../pipeline/plan/select-tasks.ts';
import { tasksOf } from '../../pipeline/record/past-runs.ts';
import { recordRepetition } from '../../pipeline/record/result-annotations.ts';
import { artifactsOf } from '../../pipeline/record/run-details.ts';
import { failures } from '../failures.ts';
import { plannedExperiment } from '../planned-experiment.ts';
import { terminalText } from '../../core/text/paint.ts';
import { exitCodeOf, startRun, type RunContext } from '../start-run.ts';
import {
  exitCode,
  type ExitCode,
  type FlowCommand,
  declareExperimentOptions,
  readExperimentOptions,
  declareRunSettings,
  readRunSettings,
  type ExperimentOptions,
  type RunSettings,
} from '../flow-command.ts';
import { inWorkspace } from '../workspace.ts';

export const command: FlowCommand = {
  declare(command) {
    declareExperimentOptions(command);
    command
      .argument('<task>', 'the task to compute once more')
      .addHelpText('after', '\nTo run all of a recorded run again: flow rerun RUN.');
    declareRunSettings(command);
  },
  run: (call, context) =>
    inWorkspace(call, context, async (workspace) => {
      const options = { ...readExperimentOptions(call), ...readRunSettings(call) };
      return repeat(String(call.arguments[1]), options, { workspace, context });
    }),
};

type Options = ExperimentOptions & RunSettings;

/** Runs a task that has a result once more, stores nothing, and prints whether both results are the same. */
async function repeat(name: string, options: Options, tools: RunContext): Promise<ExitCode> {
  const { workspace, context } = tools;
  const first = await plannedExperiment({ ...options, until: [name] }, { ...tools, adopts: true });
  const [task, ...others] = tasksNamed(first.plan.experiment, name);
  if (task === undefined || others.length > 0)
    return fail(failures.severalTasks({ name, tasks: [task ?? '', ...others] }));
  if (first.plan.tasks.some(({ state }) => state !== 'cached')) {
    const end = await startRun(first, { ...options, until: [name] }, tools);
    if (end.outcome !== 'done') return exitCodeOf(end);
  }
  const again = await plannedExperiment({ ...options, only: [task], force: [task] }, { ...tools, adopts: true });
  const end = await startRun(again, { ...options, only: [task] }, { ...tools, isTrial: true });
  if (end.outcome !== 'done') return exitCodeOf(end);
  const { key, differing } = await compare(task, end, tools);
  const isIdentical = differing.length === 0;
  recordRepetition(workspace.record, { key, task, at: Date.now(), differing });
  const verdict = isIdentical
    ? 'is reproducible: the same result again, byte for byte'
    : `is not reproducible: another result in ${differing.join(', ')}`;
  const answer = { type: 'repeated', task, key, identical: isIdentical, differing };
  context.stdout.write(options.json ? `${JSON.stringify(answer)}\n` : `${terminalText(`${task} ${verdict}`)}\n`);
  return isIdentical ? exitCode.done : exitCode.taskFailed;
}

async function compare(
  task: string,
  end: RunEnd,
  { workspace }: RunContext,
): Promise<{ key: string; differing: string[] }> {
  const artifacts = artifactsOf(workspace.database, end.run).filter((artifact) => artifact.task === task);
  const key = tasksOf(workspace.database, end.run).find((each) => each.task === task)?.key ?? undefined;
  const lookup = key === undefined ? undefined : await workspace.cache.find(key);
  if (key === undefined || lookup?.state !== 'whole') throw new Error(`the result of ${task} is gone`);
  const stored = lookup.entry.outputs;
  const differing = artifacts.filter(({ port, digest }) => stored[port]?.digest !== digest).map(({ port }) => port);
  return { key, differing };
}
