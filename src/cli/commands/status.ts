import { humanDuration } from '../../core/human.ts';
import { planExperiment, type Plan } from '../../pipeline/plan/plan.ts';
import {
  closeKilledRuns,
  lastRunOf,
  lastRuns,
  tasksOf,
  type PastRun,
  type PastTask,
} from '../../pipeline/record/past-runs.ts';
import { paintWith, type Paint } from '../../core/text/paint.ts';
import {
  declareAskVersions,
  declareExperimentOptions,
  readExperimentOptions,
  answer,
  exitCode,
  showsColour,
  type Answer,
  type FlowCommand,
} from '../flow-command.ts';
import { loadFrom, planningContext, TaskEngines } from '../planned-experiment.ts';
import { inWorkspace, type Workspace } from '../workspace.ts';

export const command: FlowCommand = {
  declare(command) {
    declareExperimentOptions(command, { fileIsOptional: true });
    declareAskVersions(command);
    command.option('--json', 'print JSON', false);
  },

  run: (call, context) =>
    inWorkspace(call, context, async (workspace) => {
      closeKilledRuns(workspace.database);
      const paint = paintWith(showsColour(context.stdout, context.environment));
      if (call.arguments[0] === undefined) answer(call, context, describeAll(workspace, paint));
      else {
        const experiment = loadFrom(readExperimentOptions(call), workspace, context);
        const asks = call.options['askVersions'] === true ? { environment: context.environment } : {};
        const knowledge = planningContext(workspace, { experiment, engines: new TaskEngines(context), ...asks });
        answer(call, context, describeOne(await planExperiment(experiment, knowledge), workspace, paint));
      }
      return exitCode.done;
    }),
};

/** The last run of every experiment of the workspace. */
function describeAll(workspace: Workspace, paint: Paint): Answer {
  const runs = lastRuns(workspace.database);
  const width = Math.max(0, ...runs.map(({ experiment }) => experiment.length));
  const lines = runs.map((run) => `${paint.bold(run.experiment.padEnd(width))}  ${runText(run)}`);
  return { json: { runs }, text: lines.length === 0 ? 'nothing has been run in this workspace' : lines.join('\n') };
}

/** Each task of an experiment: what became of it in the last run, and whether its result is there now. */
function describeOne(plan: Plan, workspace: Workspace, paint: Paint): Answer {
  const { experiment } = plan;
  const run = lastRunOf(workspace.database, experiment.name);
  const past = new Map(run === undefined ? [] : tasksOf(workspace.database, run.id).map((task) => [task.task, task]));
  const heading = `${experiment.name}: ${run === undefined ? 'never run' : `last ${runText(run)}`}`;
  const lines = [heading, ...taskLines(plan, past, paint)];
  const tasks = plan.tasks.map(({ task, state }) => ({ task: task.id, now: state, last: past.get(task.id) ?? null }));
  return { json: { experiment: experiment.name, lastRun: run ?? null, tasks }, text: lines.join('\n') };
}

function taskLines({ tasks }: Plan, past: ReadonlyMap<string, PastTask>, paint: Paint): string[] {
  const width = Math.max(0, ...tasks.map(({ task }) => task.id.length));
  return tasks.map(({ task, state }) => {
    const now = { cached: 'cached ', run: 'to run ', unknown: 'unknown' }[state];
    const line = `${task.id.padEnd(width)}  ${now}  ${lastText(past.get(task.id))}`;
    return state === 'cached' ? paint.dim(line) : line;
  });
}

function lastText(task: PastTask | undefined): string {
  if (task === undefined) return 'never run';
  if (task.outcome === null) return 'not finished';
  return task.durationMs === null ? task.outcome : `${task.outcome} (${humanDuration(task.durationMs)})`;
}

function runText({ id, outcome, startedAt, durationMs }: PastRun): string {
  const took = durationMs === null ? '' : ` in ${humanDuration(durationMs)}`;
  return `${outcome}${took}, started ${new Date(startedAt).toISOString().slice(0, 16).replace('T', ' ')} UTC, runs/${id}`;
}
