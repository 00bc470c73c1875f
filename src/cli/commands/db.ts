import { checkDatabase, rebuildDatabase, type Rebuilt } from '../../pipeline/record/rebuild-database.ts';
import { exitCode } from '../exit-code.ts';
import type { CommandGroup, FlowCommand } from '../flow-command.ts';
import { answer, declareWorkspaceOptions, inWorkspace } from '../workspace-option.ts';

type Action = FlowCommand & { readonly summary: string };

const rebuild: Action = {
  summary: 'write every run whose folder is in runs/ into the database anew',
  declare: declareWorkspaceOptions,
  run: (call, surroundings) =>
    inWorkspace(call, surroundings, (workspace) => {
      const rebuilt = rebuildDatabase(workspace.makeRunsFolder(), (key) => workspace.documentOf(key));
      answer(call, surroundings, { json: rebuilt, text: rebuiltText(rebuilt) });
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
