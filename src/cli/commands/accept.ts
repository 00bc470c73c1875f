import { mkdirSync } from 'node:fs';
import type { Json } from '../../core/digest.ts';
import { fail } from '../../core/failure.ts';
import type { CacheEntry } from '../../pipeline/cache/cache-entry.ts';
import type { PlannedTask } from '../../pipeline/plan/plan.ts';
import { tasksNamed } from '../../pipeline/plan/select-tasks.ts';
import { lastKeyOf } from '../../pipeline/record/past-runs.ts';
import { exitCode } from '../exit-code.ts';
import { declareExperimentOptions, readExperimentOptions } from '../experiment-options.ts';
import type { FlowCommand } from '../flow-command.ts';
import { plannedExperiment } from '../planned-experiment.ts';
import { answer, inWorkspace } from '../workspace-option.ts';
import type { Workspace } from '../workspace.ts';

export const command: FlowCommand = {
  declare(command) {
    declareExperimentOptions(command);
    command
      .argument('<task>', 'the task whose last result stays good')
      .requiredOption('--reason <text>', 'why what has changed does not matter; it is kept with the result')
      .option('--json', 'print JSON', false);
  },
  run: (call, surroundings) =>
    inWorkspace(call, surroundings, async (workspace) => {
      const { plan } = await plannedExperiment(readExperimentOptions(call), { workspace, surroundings });
      const names = tasksNamed(plan.experiment, String(call.arguments[1]));
      const reason = String(call.options['reason']);
      const accepted: CacheEntry[] = [];
      for (const planned of plan.tasks.filter(({ task }) => names.includes(task.id))) {
        accepted.push(await acceptTask(workspace, { experiment: plan.experiment.name, planned, reason }));
      }
      const lines = accepted.map(({ task, key }) => `${task}: its last result is that of ${key.slice(0, 12)} too`);
      answer(call, surroundings, {
        json: { accepted: accepted.map(({ task, key }) => ({ task, key })) },
        text: lines.join('\n'),
      });
      return exitCode.done;
    }),
};

interface AcceptRequest {
  readonly experiment: string;
  readonly planned: PlannedTask;
  readonly reason: string;
}

async function acceptTask(workspace: Workspace, { experiment, planned, reason }: AcceptRequest): Promise<CacheEntry> {
  const { task } = planned;
  if (planned.state !== 'run') return refuseState(planned);
  const last = lastKeyOf(workspace.database, experiment, task.id);
  const lookup = last === undefined ? undefined : await workspace.cache.find(last);
  if (lookup?.state !== 'whole') {
    return fail({
      code: 'nothing-to-accept',
      message: `${task.id} has no earlier result in the cache that could stay good`,
      at: task.at,
    });
  }
  checkOutputs(lookup.entry, planned);
  const document = JSON.parse(JSON.stringify(planned.document)) as Json;
  const acceptance = { from: lookup.entry.key, reason, at: new Date().toISOString() };
  mkdirSync(workspace.cache.folders.scratch, { recursive: true });
  return workspace.cache.accept(lookup.entry, planned.key, document, acceptance);
}

function refuseState({ state, task }: PlannedTask): never {
  fail(
    state === 'cached'
      ? {
          code: 'nothing-to-accept',
          message: `the result of ${task.id} is good as it is: nothing has changed`,
          at: task.at,
        }
      : {
          code: 'nothing-to-accept',
          message: `what ${task.id} takes in is not known before the tasks above it have run`,
          at: task.at,
          hint: 'Accept or run those first.',
        },
  );
}

/** Another version of a stage may have other outputs: then the old result cannot take the place of the new one. */
function checkOutputs(entry: CacheEntry, { task }: PlannedTask): void {
  const wanted = Object.entries(task.kind.manifest.outputs).map(([port, { path }]) => `${port} (${path})`);
  const there = Object.entries(entry.outputs).map(([port, { path }]) => `${port} (${path})`);
  if (wanted.sort().join() === there.sort().join()) return;
  fail({
    code: 'other-outputs',
    message: `${task.id} gives ${wanted.join(', ')} now, its last result holds ${there.join(', ')}`,
    at: task.at,
  });
}
