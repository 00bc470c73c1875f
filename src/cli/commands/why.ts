import { didYouMean } from '../../core/did-you-mean.ts';
import { fail } from '../../core/failure.ts';
import type { CachePlanningContext } from '../../pipeline/execute/planning-context.ts';
import type { Plan, PlannedTask } from '../../pipeline/plan/plan.ts';
import { exitCode } from '../exit-code.ts';
import { declareExperimentOptions, readExperimentOptions } from '../experiment-options.ts';
import type { FlowCommand } from '../flow-command.ts';
import { annotationsOf, judgementTexts, type ResultAnnotations } from '../result-annotations.ts';
import { plannedExperiment } from '../planned-experiment.ts';
import { openWorkspace, type Workspace } from '../workspace.ts';

export const command: FlowCommand = {
  declare(command) {
    declareExperimentOptions(command);
    command
      .argument('<task>', 'a task, as "train" or "verify[set=lfw]", or a stage for all its tasks')
      .option('--json', 'the reasons as JSON', false);
  },

  async run(call, surroundings) {
    const options = readExperimentOptions(call);
    const workspace = openWorkspace(surroundings, options.workspace);
    try {
      const { plan, knowledge } = await plannedExperiment(options, { workspace, surroundings });
      const answers = tasksCalled(String(call.arguments[1]), plan).map((planned) =>
        answerFor(planned, knowledge, workspace),
      );
      const text =
        call.options['json'] === true ? JSON.stringify(answers, null, 2) : answers.map(answerText).join('\n');
      surroundings.stdout.write(`${text}\n`);
      return exitCode.done;
    } finally {
      workspace.close();
    }
  },
};

interface Answer extends ResultAnnotations {
  readonly task: string;
  readonly state: PlannedTask['state'];
  readonly reasons: readonly { readonly code: string; readonly text: string }[];
  /** When the result was computed that would be taken, ISO 8601. */
  readonly cachedSince?: string;
  /** The run that computed it. */
  readonly run?: string;
}

function tasksCalled(name: string, { tasks }: Plan): readonly PlannedTask[] {
  const found = tasks.filter(({ task }) => task.id === name || task.stage === name);
  if (found.length > 0) return found;
  const names = tasks.flatMap(({ task }) => [task.id, task.stage]);
  const close = didYouMean(name, names);
  const suggestion = close === undefined ? '' : ` (did you mean "${close}"?)`;
  return fail({
    code: 'unknown-task',
    message: `the experiment has no task "${name}"${suggestion}`,
    hint: `Its tasks: ${tasks.map(({ task }) => task.id).join(', ')}.`,
  });
}

function answerFor(planned: PlannedTask, knowledge: CachePlanningContext, workspace: Workspace): Answer {
  const { task, state } = planned;
  if (state !== 'cached') return { task: task.id, state, reasons: planned.reasons };
  const { createdAt, run } = knowledge.entry(planned.key);
  const judgements = annotationsOf(planned.key, workspace);
  return { task: task.id, state, reasons: [], cachedSince: createdAt, run, ...judgements };
}

function answerText({ task, state, reasons, cachedSince, run, ...judgements }: Answer): string {
  const lines = reasons.map(({ text }) => `  ${text}`);
  switch (state) {
    case 'cached':
      return [
        `${task}: ${judgements.accepted === undefined ? 'nothing changed, ' : ''}cached since ${cachedSince ?? ''} (run ${run ?? ''})`,
        ...judgementTexts(judgements).map((text) => `  ${text}`),
      ].join('\n');
    case 'run':
      return [`${task} would run:`, ...lines].join('\n');
    case 'unknown':
      return [`${task} may run:`, ...lines].join('\n');
  }
}
