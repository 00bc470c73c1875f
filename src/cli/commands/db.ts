import { checkDatabase, rebuildDatabase, type Rebuilt } from '../../pipeline/record/rebuild-database.ts';
import { answer, exitCode, type CommandGroup, type FlowCommand, declareWorkspaceOptions } from '../flow-command.ts';
import { inWorkspace } from '../workspace.ts';

type Action = FlowCommand & { readonly summary: string };

const rebuild: Action = {
  summary: 'write every run whose folder is in runs/ into the database again',
  declare: declareWorkspaceOptions,
  run: (call, context) =>
    inWorkspace(call, context, (workspace) => {
      const rebuilt = rebuildDatabase(workspace.makeRunsFolder(), (key) => workspace.documentOf(key));
      answer(call, context, { json: rebuilt, text: rebuiltText(rebuilt) });
      return rebuilt.unread.length === 0 ? exitCode.done : exitCode.taskFailed;
    }),
};

function rebuiltText({ runs, unread, cutOff, damagedKeptAs }: Rebuilt): string {
  const are = runs.length === 1 ? '1 run is' : `${runs.length} runs are`;
  const unreadText = unread.length === 0 ? '' : `; ${unread.length} could not be read:`;
  return [
    `${are} in the database${unreadText}`,
    ...unread.map(({ run, message }) => `  ${run}: ${message}`),
    ...cutOff.map(({ run, message }) => `${run} is in it as far as its events go: ${message}`),
    ...(damagedKeptAs === undefined ? [] : [`the damaged database is kept as ${damagedKeptAs}`]),
  ].join('\n');
}

const check: Action = {
  summary: 'check that the database is whole and agrees with the folders of the runs',
  declare: declareWorkspaceOptions,
  run: (call, context) =>
    inWorkspace(call, context, ({ database, runsFolder }) => {
      const problems = checkDatabase(database, runsFolder);
      const text = problems.length === 0 ? 'the database is whole' : `${problems.join('\n')}\nflow db rebuild fixes it`;
      answer(call, context, { json: { problems }, text });
      return problems.length === 0 ? exitCode.done : exitCode.taskFailed;
    }),
};

export const command: CommandGroup = { actions: { rebuild, check } };
