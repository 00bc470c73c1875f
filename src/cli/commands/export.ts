import { counted } from '../../core/human.ts';
import { cpSync, existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fail } from '../../core/failure.ts';
import { exportResults } from '../../pipeline/cache/transfer.ts';
import { findRun } from '../../pipeline/record/find-run.ts';
import { tasksOf } from '../../pipeline/record/past-runs.ts';
import { failures } from '../failures.ts';
import { answer, exitCode, type FlowCommand, declareWorkspaceOptions } from '../flow-command.ts';
import { inWorkspace } from '../workspace.ts';

/** Where an exported run carries the results it took from the cache. */
export const exportedResults = 'results';

export const command: FlowCommand = {
  declare(command) {
    declareWorkspaceOptions(command);
    command
      .argument('<run>', 'id of a run (or how it begins), or an experiment for its last run')
      .argument('<folder>', 'a new folder')
      .option('--with-results', 'take the results along, to be used without computing them again', false);
  },
  run: (call, context) =>
    inWorkspace(call, context, async ({ database, runsFolder, cache }) => {
      const run = findRun(database, String(call.arguments[0]));
      const folder = resolve(context.workingFolder, String(call.arguments[1]));
      if (existsSync(folder)) fail(failures.folderExists({ folder }));
      const outputs = join(runsFolder, run, 'outputs');
      // Outputs are links into our cache, which mean nothing elsewhere.
      cpSync(join(runsFolder, run), folder, { recursive: true, filter: (path) => path !== outputs });
      const keys = tasksOf(database, run).flatMap(({ key, outcome }) =>
        key !== null && (outcome === 'done' || outcome === 'cached') && existsSync(cache.entryFolder(key)) ? [key] : [],
      );
      const isWhole = call.options['withResults'] === true;
      const copied = isWhole ? await exportResults(cache, keys, join(folder, exportedResults)) : [];
      answer(call, context, {
        json: { run, folder, results: copied },
        text: `exported ${run} to ${folder}${isWhole ? `, with ${counted(copied.length, 'result')}` : ''}`,
      });
      return exitCode.done;
    }),
};
