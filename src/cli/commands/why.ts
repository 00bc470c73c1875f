import type { CachePlanningContext } from '../../pipeline/execute/planning-context.ts';
import type { PlannedTask } from '../../pipeline/plan/plan.ts';
import { tasksNamed } from '../../pipeline/plan/select-tasks.ts';
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
      const names = tasksNamed(plan.experiment, String(call.arguments[1]));
      const answers = plan.tasks
        .filter(({ task }) => names.includes(task.id))
        .map((planned) => answerFor(planned, knowledge, workspace));
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
