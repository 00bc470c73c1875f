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
import { TaskEngines } from '../engine.ts';
import { exitCode } from '../exit-code.ts';
import { declareExperimentOptions, loadFrom, readExperimentOptions } from '../experiment-options.ts';
import type { Call, FlowCommand, ProcessContext } from '../flow-command.ts';
import { showsColour } from '../shows-colour.ts';
import { openWorkspace, type Workspace } from '../workspace.ts';

export const command: FlowCommand = {
  declare(command) {
    declareExperimentOptions(command, { fileIsOptional: true });
    command.option('--json', 'print JSON', false);
  },

  async run(call, surroundings) {
    const workspace = openWorkspace(surroundings, readExperimentOptions(call).workspace);
    try {
      closeKilledRuns(workspace.database);
      const { text, json } =
        call.arguments[0] === undefined
          ? describeAll(workspace, painted(surroundings))
          : await describeOne(call, workspace, surroundings);
      surroundings.stdout.write(`${call.options['json'] === true ? JSON.stringify(json, null, 2) : text}\n`);
      return exitCode.done;
    } finally {
      workspace.close();
    }
  },
};

interface Description {
  readonly text: string;
  readonly json: object;
}

function painted({ stdout, environment }: ProcessContext): Paint {
  return paintWith(showsColour(stdout, environment));
}

/** The last run of every experiment of the workspace. */
function describeAll(workspace: Workspace, paint: Paint): Description {
  const runs = lastRuns(workspace.database);
  const width = Math.max(0, ...runs.map(({ experiment }) => experiment.length));
  const lines = runs.map((run) => `${paint.bold(run.experiment.padEnd(width))}  ${runText(run)}`);
  return { json: { runs }, text: lines.length === 0 ? 'nothing has been run in this workspace' : lines.join('\n') };
}

/** Each task of an experiment: what became of it in the last run, and whether its result is there now. */
async function describeOne(call: Call, workspace: Workspace, surroundings: ProcessContext): Promise<Description> {
  const experiment = loadFrom(readExperimentOptions(call), workspace, surroundings);
  const knowledge = workspace.knowledge(experiment, new TaskEngines(surroundings));
  const plan = await planExperiment(experiment, knowledge);
  const run = lastRunOf(workspace.database, experiment.name);
  const past = new Map(run === undefined ? [] : tasksOf(workspace.database, run.id).map((task) => [task.task, task]));
  const heading = `${experiment.name}: ${run === undefined ? 'never run' : `last ${runText(run)}`}`;
  const lines = [heading, ...taskLines(plan, past, painted(surroundings))];
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
