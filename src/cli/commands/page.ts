import { join, relative, resolve } from 'node:path';
import { closeKilledRuns } from '../../pipeline/record/past-runs.ts';
import { findRun } from '../../pipeline/record/find-run.ts';
import { answer, exitCode, type FlowCommand, declareWorkspaceOptions } from '../flow-command.ts';
import { inWorkspace } from '../workspace.ts';
import { writeRunPage } from '../run-page.ts';

export const command: FlowCommand = {
  declare(command) {
    declareWorkspaceOptions(command);
    command
      .argument('[run]', 'id of a run (or how it begins), or an experiment for its last run', 'latest')
      .option('--to <file>', 'write the page there (default: page.html in the folder of the run)');
  },
  run: (call, context) =>
    inWorkspace(call, context, async (workspace) => {
      closeKilledRuns(workspace.database);
      const run = findRun(workspace.database, String(call.arguments[0]));
      const { to } = call.options as { to?: string };
      const page = to === undefined ? join(workspace.runsFolder, run, 'page.html') : resolve(context.workingFolder, to);
      await writeRunPage(workspace, run, page);
      answer(call, context, { json: { run, page }, text: `wrote ${relative(context.workingFolder, page)}` });
      return exitCode.done;
    }),
};
