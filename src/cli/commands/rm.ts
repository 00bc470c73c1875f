import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../../core/failure.ts';
import { findRun } from '../../pipeline/record/find-run.ts';
import { closeKilledRuns, runOf } from '../../pipeline/record/past-runs.ts';
import { exitCode } from '../exit-code.ts';
import type { FlowCommand } from '../flow-command.ts';
import { answer, declareWorkspaceOptions, inWorkspace } from '../workspace-option.ts';

export const command: FlowCommand = {
  declare(command) {
    declareWorkspaceOptions(command);
    command.argument('<runs...>', 'ids of runs, or how they begin');
  },
  run: (call, surroundings) =>
    inWorkspace(call, surroundings, ({ record: database, runsFolder }) => {
      closeKilledRuns(database);
      const ids = (call.arguments[0] as readonly string[]).map((name) => findRun(database, name));
      for (const id of ids) {
        if (runOf(database, id).outcome === 'running') {
          fail({
            code: 'run-is-running',
            message: `run ${id} is running`,
            hint: 'Stop it first, or wait for its end.',
          });
        }
      }
      for (const id of ids) {
        // The folder first: a row without a folder is noticed by `flow db check`, the other way round it would come back.
        rmSync(join(runsFolder, id), { recursive: true, force: true });
        database.prepare('delete from run where id = ?').run(id);
      }
      answer(call, surroundings, { json: { removed: ids }, text: ids.map((id) => `removed ${id}`).join('\n') });
      return exitCode.done;
    }),
};
