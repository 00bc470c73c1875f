import type { Names, Part } from './part.ts';

/** A command that prints one line. */
export function newCommand({ kebab, words, key }: Names): Part {
  return {
    files: {
      [`src/cli/commands/${kebab}.ts`]: `
import { answer, exitCode, type FlowCommand } from '../flow-command.ts';

export const command: FlowCommand = {
  declare(command) {
    command.option('--json', 'print JSON', false);
  },
  run(call, context) {
    const folder = context.workingFolder;
    answer(call, context, { json: { folder }, text: \`${words} in \${folder}\` });
    return Promise.resolve(exitCode.done);
  },
};
`,
      [`test/cli/${kebab}.test.ts`]: `
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Rig } from '../e2e/rig.ts';

let rig: Rig;
beforeEach(() => {
  rig = new Rig();
});
afterEach(() => rig.dispose());

it('flow ${kebab} prints the folder it is called in', async () => {
  expect(await rig.flow(['${kebab}'])).toMatchObject({ code: 0, stdout: \`${words} in \${rig.folder}\\n\` });
});
`,
    },
    registrations: [
      {
        path: 'src/cli/main.ts',
        literal: 'commands',
        entry: `${key}: { summary: 'print the folder it is called in', load: () => import('./commands/${kebab}.ts') }`,
        place: { before: 'completion' },
      },
      {
        path: 'test/cli/json.test.ts',
        literal: 'calls',
        entry: `['${kebab}', ['folder']]`,
        place: 'last',
      },
    ],
    left: [
      'what it does; failures of its own go to src/cli/failures.ts (test/failures.test.ts tells which codes no test prints)',
      'its place in src/cli/main.ts: `flow --help` lists the commands in that order',
      'docs/commands.md',
    ],
  };
}
