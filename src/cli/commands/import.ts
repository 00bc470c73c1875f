import { cpSync, existsSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fail } from '../../core/failure.ts';
import { importResults } from '../../pipeline/cache/transfer.ts';
import { readRunFile, replayRun } from '../../pipeline/record/replay-run.ts';
import { exitCode } from '../exit-code.ts';
import type { FlowCommand } from '../flow-command.ts';
import { answer, declareWorkspaceOptions, inWorkspace } from '../workspace-option.ts';
import type { Workspace } from '../workspace.ts';
import { exportedResults } from './export.ts';

export const command: FlowCommand = {
  declare(command) {
    declareWorkspaceOptions(command);
    command.argument('<folder>', 'what flow export has written, here or on another machine');
  },
  run: (call, surroundings) =>
    inWorkspace(call, surroundings, async (workspace) => {
      const folder = resolve(surroundings.workingFolder, String(call.arguments[0]));
      const { id } = readRunFile(folder);
      copyIn(workspace, folder, id);
      const results = join(folder, exportedResults);
      const taken = existsSync(results) ? await importResults(workspace.cache, results) : undefined;
      replayRun(workspace.record, join(workspace.runsFolder, id), (key) => workspace.documentOf(key));
      // A run without an end cannot go on here.
      workspace.record.prepare(`update run set outcome = 'killed' where id = ? and outcome is null`).run(id);
      const count = taken === undefined ? '' : `, with ${taken.imported.length} results`;
      answer(call, surroundings, { json: { run: id, results: taken?.imported ?? [] }, text: `imported ${id}${count}` });
      return exitCode.done;
    }),
};

function copyIn({ runsFolder, database }: Workspace, folder: string, id: string): void {
  const target = join(runsFolder, id);
  if (existsSync(target) || database.prepare('select 1 from run where id = ?').get(id) !== undefined) {
    fail({ code: 'run-exists', message: `there is a run ${id} already`, hint: `flow rm ${id} removes it` });
  }
  const partial = `${target}.partial`;
  rmSync(partial, { recursive: true, force: true });
  cpSync(folder, partial, { recursive: true, filter: (path) => path !== join(folder, exportedResults) });
  renameSync(partial, target);
}
