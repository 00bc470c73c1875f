import { makeFolder } from '../../core/atomic-file.ts';
import { fail } from '../../core/failure.ts';
import { acceptableChange, checkOutputs } from '../../pipeline/plan/acceptable-change.ts';
import type { Reason } from '../../pipeline/plan/compare-keys.ts';
import { failures } from '../../pipeline/plan/failures.ts';
import type { KeyDocument } from '../../pipeline/plan/key-document.ts';
import type { PlannedTask } from '../../pipeline/plan/plan.ts';
import { tasksNamed } from '../../pipeline/plan/select-tasks.ts';
import {
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
      .argument('<task>', 'the task whose last result is kept')
      .requiredOption('--reason <text>', 'why what has changed does not matter; it is kept with the result')
      .option('--json', 'print JSON', false);
  },
  run: (call, context) =>
    inWorkspace(call, context, async (workspace) => {
      const { plan, knowledge } = await plannedExperiment(readExperimentOptions(call), { workspace, context });
      const names = tasksNamed(plan.experiment, String(call.arguments[1]));
      const reason = String(call.options['reason']);
      const accepted: Accepted[] = [];
      for (const planned of plan.tasks.filter(({ task }) => names.includes(task.id))) {
        const previous = knowledge.previous(planned.task);
        accepted.push(await acceptTask(workspace, { planned, previous, reason }));
      }
      answer(call, context, {
        json: { accepted: accepted.map(({ task, key }) => ({ task, key })) },
        text: accepted.map(acceptedText).join('\n'),
      });
      return exitCode.done;
    }),
};

interface AcceptRequest {
  readonly planned: PlannedTask;
  /** The key document of its last execution. */
  readonly previous: KeyDocument | undefined;
  readonly reason: string;
}

interface Accepted {
  readonly task: string;
  /** The new key of the result. */
  readonly key: string;
  /** What was declared not to matter. */
  readonly changes: readonly Reason[];
}

async function acceptTask(workspace: Workspace, { planned, previous, reason }: AcceptRequest): Promise<Accepted> {
  const { task } = planned;
  const change = acceptableChange(planned, previous);
  const lookup = await workspace.cache.find(change.from);
  if (lookup.state !== 'whole') return fail(failures.earlierResultLost({ task: task.id }, task.at));
  checkOutputs(planned, lookup.entry.outputs);
  const accepted = { from: change.from, reason, at: new Date().toISOString() };
  makeFolder(workspace.cache.folders.scratch);
  workspace.cache.accept(lookup.entry, { key: change.to, keyDocument: change.document, accepted });
  return { task: change.task, key: change.to, changes: change.reasons };
}

function acceptedText({ task, key, changes }: Accepted): string {
  return [
    `${task}: accepted its last result as ${key.slice(0, 12)}, though`,
    ...changes.map(({ text }) => `  ${text}`),
  ].join('\n');
}
