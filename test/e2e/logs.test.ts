import { rmSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Rig } from './rig.ts';

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
