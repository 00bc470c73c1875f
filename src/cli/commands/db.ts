import { checkDatabase, rebuildDatabase } from '../../record/rebuild-database.ts';
import { exitCode } from '../exit-code.ts';
import type { CommandGroup, FlowCommand } from '../flow-command.ts';
import { answer, declareWorkspaceOptions, inWorkspace } from '../workspace-option.ts';

type Action = FlowCommand & { readonly summary: string };

const rebuild: Action = {
  summary: 'write every run whose folder is in runs/ into the database anew',
  declare: declareWorkspaceOptions,
  run: (call, surroundings) =>
    inWorkspace(call, surroundings, (workspace) => {
      const runs = rebuildDatabase(workspace.database, workspace.runsFolder, (key) => workspace.documentOf(key));
      answer(call, surroundings, { json: { runs }, text: `${runs.length} runs are in the database` });
      return exitCode.done;
    }),
};

const check: Action = {
  summary: 'say whether the database is whole and agrees with the folders of the runs',
  declare: declareWorkspaceOptions,
  run: (call, surroundings) =>
    inWorkspace(call, surroundings, ({ database, runsFolder }) => {
      const problems = checkDatabase(database, runsFolder);
      const text = problems.length === 0 ? 'the database is whole' : `${problems.join('\n')}\nflow db rebuild mends it`;
      answer(call, surroundings, { json: { problems }, text });
      return problems.length === 0 ? exitCode.done : exitCode.taskFailed;
    }),
};

export const command: CommandGroup = { actions: { rebuild, check } };
