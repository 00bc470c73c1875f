import { join } from 'node:path';
import { removeTree } from '../../core/atomic-file.ts';
import { fail } from '../../core/failure.ts';
import { findRun } from '../../pipeline/record/find-run.ts';
import { closeKilledRuns, removeRun, runOf } from '../../pipeline/record/past-runs.ts';
import { failures } from '../failures.ts';
import { answer, exitCode, type FlowCommand, declareWorkspaceOptions } from '../flow-command.ts';
import { inWorkspace } from '../workspace.ts';

export const command: FlowCommand = {
  declare(command) {
    declareWorkspaceOptions(command);
    command.argument('<runs...>', 'ids of runs, or how they begin');
  },
  run: (call, context) =>
    inWorkspace(call, context, (workspace) => {
      const { database, runsFolder } = workspace;
      closeKilledRuns(database);
      const ids = (call.arguments[0] as readonly string[]).map((name) => findRun(database, name));
      for (const id of ids) {
        if (runOf(database, id).outcome === 'running') {
          fail(failures.runIsRunning({ run: id }));
        }
      }
      for (const id of ids) {
        // The folder first, which may be what makes room to write to the database: a row without a folder is noticed by `flow db check`, the other way round it would come back.
        removeTree(join(runsFolder, id));
        removeRun(workspace.record, id);
      }
      answer(call, context, { json: { removed: ids }, text: ids.map((id) => `removed ${id}`).join('\n') });
      return exitCode.done;
    }),
};
