import { cpSync, existsSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fail } from '../../core/failure.ts';
import { importResults } from '../../pipeline/cache/transfer.ts';
import { closeImportedRun, isRecorded } from '../../pipeline/record/past-runs.ts';
import { readRunFile, replayRun } from '../../pipeline/record/replay-run.ts';
import { failures } from '../failures.ts';
import { exportedResults } from './export.ts';
import { answer, exitCode, type FlowCommand, declareWorkspaceOptions } from '../flow-command.ts';
import { inWorkspace, type Workspace } from '../workspace.ts';

export const command: FlowCommand = {
  declare(command) {
    declareWorkspaceOptions(command);
    command.argument('<folder>', 'what flow export has written, here or on another machine');
  },
  run: (call, context) =>
    inWorkspace(call, context, async (workspace) => {
      const folder = resolve(context.workingFolder, String(call.arguments[0]));
      const { id } = readRunFile(folder);
      copyIn(workspace, folder, id);
      const results = join(folder, exportedResults);
      const taken = existsSync(results) ? await importResults(workspace.cache, results) : undefined;
      replayRun(workspace.record, join(workspace.runsFolder, id), (key) => workspace.documentOf(key));
      closeImportedRun(workspace.record, id);
      const count = taken === undefined ? '' : `, with ${taken.imported.length} results`;
      answer(call, context, { json: { run: id, results: taken?.imported ?? [] }, text: `imported ${id}${count}` });
      return exitCode.done;
    }),
};

function copyIn({ runsFolder, database }: Workspace, folder: string, id: string): void {
  const target = join(runsFolder, id);
  if (existsSync(target) || isRecorded(database, id)) fail(failures.runExists({ run: id }));
  const partial = `${target}.partial`;
  rmSync(partial, { recursive: true, force: true });
  cpSync(folder, partial, { recursive: true, filter: (path) => path !== join(folder, exportedResults) });
  renameSync(partial, target);
}
