import { counted } from '../../core/human.ts';
import { chmodSync, copyFileSync, existsSync, lstatSync, readdirSync, renameSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { makeOwnFolder, removeTree } from '../../core/atomic-file.ts';
import { fail } from '../../core/failure.ts';
import { importResults } from '../../pipeline/cache/transfer.ts';
import { gitDiffFileName } from '../../pipeline/record/git-changes.ts';
import { closeImportedRun, isRecorded } from '../../pipeline/record/past-runs.ts';
import { readRunFile, replayWhole } from '../../pipeline/record/replay-run.ts';
import { eventsFileName, runFileName } from '../../pipeline/record/run-folder.ts';
import { logsFolderName } from '../../pipeline/execute/run-files.ts';
import { failures } from '../failures.ts';
import { exportedResults } from './export.ts';
import { answer, exitCode, type FlowCommand, declareWorkspaceOptions } from '../flow-command.ts';
import { inWorkspace } from '../workspace.ts';

export const command: FlowCommand = {
  declare(command) {
    declareWorkspaceOptions(command);
    command.argument('<folder>', 'what flow export has written, here or on another machine');
  },
  run: (call, context) =>
    inWorkspace(call, context, async (workspace) => {
      const folder = resolve(context.workingFolder, String(call.arguments[0]));
      const { id } = readRunFile(folder);
      const target = join(workspace.runsFolder, id);
      if (existsSync(target) || isRecorded(workspace.database, id)) fail(failures.runExists({ run: id }));
      copyIn(folder, target);
      const results = join(folder, exportedResults);
      const taken = isFolder(results) ? await importResults(workspace.cache, results) : undefined;
      try {
        replayWhole(workspace.record, target, (key) => workspace.documentOf(key));
      } catch (error) {
        removeTree(target);
        throw error;
      }
      closeImportedRun(workspace.record, id);
      const count = taken === undefined ? '' : `, with ${counted(taken.imported.length, 'result')}`;
      const damaged = taken?.damaged ?? [];
      const lines = damaged.map(({ key, problem }) => `${key.slice(0, 12)} was not taken: ${problem}`);
      const json = { run: id, results: taken?.imported ?? [], damaged };
      answer(call, context, { json, text: [...lines, `imported ${id}${count}`].join('\n') });
      return damaged.length === 0 ? exitCode.done : exitCode.taskFailed;
    }),
};

/** Takes what a run's folder is documented to hold, and of that only regular files: nothing else of a foreign folder is needed. */
function copyIn(folder: string, target: string): void {
  const partial = `${target}.partial`;
  removeTree(partial);
  const logs = isFolder(join(folder, logsFolderName))
    ? readdirSync(join(folder, logsFolderName)).filter((name) => name.endsWith('.log'))
    : [];
  makeOwnFolder(join(partial, logsFolderName));
  for (const name of [runFileName, eventsFileName, gitDiffFileName, ...logs.map((log) => join(logsFolderName, log))]) {
    if (lstatSync(join(folder, name), { throwIfNoEntry: false })?.isFile() !== true) continue;
    copyFileSync(join(folder, name), join(partial, name));
    chmodSync(join(partial, name), 0o644);
  }
  renameSync(partial, target);
}

function isFolder(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
