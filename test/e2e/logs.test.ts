import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { flowCommand, Rig } from './rig.ts';

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
  rig.chain({ a: [] });
});

afterEach(async () => {
  await rig.dispose();
});

it('a task from the cache shows the log of the run that computed it, and says so', async () => {
  await rig.flow(['run', 'chain.yaml']);
  const [first = ''] = rig.runs();
  const own = await rig.flow(['logs', 'a']);
  expect(own).toMatchObject({ code: 0, stderr: '' });
  expect(own.stdout).toMatch(/^--- attempt 1, key [0-9a-f]{64}\nworking on a\n$/);
  await rig.flow(['run', 'chain.yaml']);
  for (const more of [[], ['--follow']]) {
    expect(await rig.flow(['logs', 'a', ...more])).toMatchObject({
      code: 0,
      stdout: own.stdout,
      stderr: `a was in the cache; this is its log of run ${first}, which computed it:\n`,
    });
  }
  const json = await rig.flow(['logs', 'a', '--json']);
  expect(JSON.parse(json.stdout)).toMatchObject({ run: first, task: 'a', text: own.stdout });
  rmSync(rig.path('runs', first, 'logs'), { recursive: true });
  const gone = await rig.flow(['logs', 'a']);
  expect(gone).toMatchObject({ code: 2, stdout: '' });
  expect(gone.stderr).toContain(`it was computed by run ${first}, whose log is not here`);
});

it('an accepted result shows the log of the run that computed it', async () => {
  await rig.flow(['run', 'chain.yaml']);
  const change = ['--set', 'a.figure=7'];
  await rig.flow(['accept', 'chain.yaml', 'a', ...change, '--reason', 'only a figure']);
  await rig.flow(['run', 'chain.yaml', ...change]);
  expect((await rig.flow(['logs', 'a'])).stdout).toContain('working on a\n');
});

describe('what a task has printed', () => {
  /** A title, cleared lines in C0 and C1, a percentage that is drawn over, and a colour. */
  const hostile = '\\033]0;title\\007\\033[2J\\302\\2332Jone\\r\\033[31mtwo\\033[0m\\n';
  const hasTerminal = spawnSync('script', ['--version']).status === 0;

  beforeEach(async () => {
    const stage = { command: `printf '${hostile}'; echo > "$out"`, outputs: { out: 'out.txt' } };
    rig.write('e.yaml', JSON.stringify({ name: 'e', stages: { a: { uses: 'shell', with: stage } } }));
    expect(await rig.flow(['run', 'e.yaml'])).toMatchObject({ code: 0 });
  });

  it('goes to a file or pipe as it is', async () => {
    const { stdout } = await rig.flow(['logs', 'a']);
    expect(stdout).toContain('\u001b]0;title\u0007\u001b[2J\u009b2Jone\r\u001b[31mtwo\u001b[0m\n');
  });

  it.runIf(hasTerminal)(
    'does nothing to a terminal, also while it is followed (where there is the program script)',
    () => {
      for (const more of ['', ' --follow']) {
        const call = `${process.execPath} ${flowCommand} logs a${more}`;
        const { stdout } = spawnSync('script', ['-qec', call, '/dev/null'], { cwd: rig.folder, encoding: 'utf8' });
        expect(stdout.replaceAll('\r\n', '\n')).toMatch(/^--- attempt 1, key [0-9a-f]{64}\n2Jone\ntwo\n$/);
      }
    },
  );
});
