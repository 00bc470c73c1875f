import type { CachePlanningContext } from '../../pipeline/execute/planning-context.ts';
import { annotationTexts } from '../../pipeline/console/plan-text.ts';
import type { PlannedTask } from '../../pipeline/plan/plan.ts';
import { tasksNamed } from '../../pipeline/plan/select-tasks.ts';
import { annotationsOf, type ResultAnnotations } from '../../pipeline/record/result-annotations.ts';
import {
  declareAskVersions,
  declareExperimentOptions,
  readExperimentOptions,
  answer,
  exitCode,
  type FlowCommand,
} from '../flow-command.ts';
import { plannedExperiment } from '../planned-experiment.ts';
import { inWorkspace, type Workspace } from '../workspace.ts';

export const command: FlowCommand = {
  declare(command) {
    declareExperimentOptions(command);
    command
      .argument('<task>', 'a task, as "train" or "verify[set=lfw]", or a stage for all its tasks')
      .option('--json', 'the reasons as JSON', false);
    declareAskVersions(command);
  },
  run: (call, context) =>
    inWorkspace(call, context, async (workspace) => {
      const tools = { workspace, context, runsNothing: call.options['askVersions'] !== true };
      const { plan, knowledge } = await plannedExperiment(readExperimentOptions(call), tools);
      const names = tasksNamed(plan.experiment, String(call.arguments[1]));
      const planned = plan.tasks.filter(({ task }) => names.includes(task.id));
      const answers = planned.map((each) => answerFor(each, knowledge, workspace));
      answer(call, context, { json: answers, text: answers.map(answerText).join('\n') });
      return exitCode.done;
    }),
};

interface Answer extends ResultAnnotations {
  readonly task: string;
  readonly state: PlannedTask['state'];
  readonly reasons: readonly { readonly code: string; readonly text: string }[];
  /** When the result that would be used was computed, ISO 8601. */
  readonly cachedSince?: string;
  /** The run that computed it. */
  readonly run?: string;
}

function answerFor(planned: PlannedTask, knowledge: CachePlanningContext, workspace: Workspace): Answer {
  const { task, state } = planned;
  if (state !== 'cached') return { task: task.id, state, reasons: planned.reasons };
  const { createdAt, run } = knowledge.entry(planned.key);
  const annotations = annotationsOf(planned.key, workspace);
  return { task: task.id, state, reasons: [], cachedSince: createdAt, run, ...annotations };
}

function answerText({ task, state, reasons, cachedSince, run, ...annotations }: Answer): string {
  const lines = reasons.map(({ text }) => `  ${text}`);
  switch (state) {
    case 'cached':
      return [
        `${task}: ${annotations.accepted === undefined ? 'nothing changed, ' : ''}cached since ${cachedSince ?? ''} (run ${run ?? ''})`,
        ...annotationTexts(annotations).map((text) => `  ${text}`),
      ].join('\n');
    case 'run':
      return [`${task} would run:`, ...lines].join('\n');
    case 'unknown':
      return [`${task} may run:`, ...lines].join('\n');
  }
}
