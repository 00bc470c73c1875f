import { planExperiment, type Plan, type PlannedTask } from '../../plan/plan.ts';
import { paintWith, type Paint } from '../../report/paint.ts';
import { chosenEngine } from '../engine.ts';
import { exitCode } from '../exit-code.ts';
import { declareExperimentOptions, loadFrom, readExperimentOptions } from '../experiment-options.ts';
import type { FlowCommand } from '../flow-command.ts';
import { showsColour } from '../shows-colour.ts';
import { openWorkspace } from '../workspace.ts';

export const command: FlowCommand = {
  declare(command) {
    declareExperimentOptions(command);
    command.option('--json', 'the plan as JSON', false);
  },

  async run(call, surroundings) {
    const options = readExperimentOptions(call);
    const workspace = openWorkspace(surroundings, options.workspace);
    const { stdout, environment } = surroundings;
    try {
      const experiment = loadFrom(options, workspace, surroundings);
      const knowledge = workspace.knowledge(experiment, chosenEngine(surroundings).identity);
      const plan = await planExperiment(experiment, knowledge);
      const text =
        call.options['json'] === true ? planJson(plan) : planText(plan, paintWith(showsColour(stdout, environment)));
      stdout.write(`${text}\n`);
      return exitCode.done;
    } finally {
      workspace.close();
    }
  },
};

function planJson({ experiment, tasks }: Plan): string {
  const rows = tasks.map((planned) => ({
    task: planned.task.id,
    stage: planned.task.stage,
    kind: planned.task.kind.manifest.name,
    state: planned.state,
    key: planned.state === 'unknown' ? null : planned.key,
    reasons: planned.state === 'cached' ? [] : planned.reasons,
  }));
  return JSON.stringify({ experiment: experiment.name, tasks: rows }, null, 2);
}

/** One line per task and, under those that run, one per reason. */
function planText({ tasks }: Plan, paint: Paint): string {
  const width = Math.max(0, ...tasks.map(({ task }) => task.id.length));
  const lines = tasks.flatMap((planned) => taskLines(planned, width, paint));
  const count = (state: PlannedTask['state']): number => tasks.filter((planned) => planned.state === state).length;
  const counts = [
    `${String(tasks.length)} ${tasks.length === 1 ? 'task' : 'tasks'}`,
    `${String(count('cached'))} cached`,
    `${String(count('run'))} to run`,
    ...(count('unknown') > 0 ? [`${String(count('unknown'))} to be seen once those have run`] : []),
  ];
  return [...lines, '', counts.join(', ')].join('\n');
}

function taskLines(planned: PlannedTask, width: number, paint: Paint): string[] {
  const name = planned.task.id.padEnd(width);
  switch (planned.state) {
    case 'cached':
      return [paint.dim(`${name}  cached`)];
    case 'run': {
      const [first, ...rest] = planned.reasons.map(({ text }) => text);
      const indent = ' '.repeat(width + '  run      '.length);
      return [`${paint.bold(name)}  ${paint.yellow('run')}      ${first ?? ''}`, ...rest.map((text) => indent + text)];
    }
    case 'unknown':
      return [`${name}  unknown  ${planned.reasons.map(({ text }) => text).join('; ')}`];
  }
}
