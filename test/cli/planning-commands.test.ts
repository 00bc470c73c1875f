import { afterEach, beforeEach, expect, test } from 'vitest';
import { Rig } from '../e2e/rig.ts';

let rig: Rig;
beforeEach(() => {
  rig = new Rig();
});
afterEach(async () => {
  await rig.dispose();
});

const pairOfStages = { a: [], b: ['a'] };

test('flow init writes an experiment that flow check accepts and flow plan plans, and never writes over one', async () => {
  const written = await rig.flow(['init', 'own/mine.yaml']);
  expect(written).toMatchObject({ code: 0, stderr: '' });
  expect(rig.read('own/mine.yaml')).toContain('name: "mine"');
  const checked = await rig.flow(['check', 'own/mine.yaml', '--profile', 'smoke']);
  expect(checked.code).toBe(0);
  expect(checked.stdout).toMatch(/^mine: 4 tasks, no mistakes, no warnings$/m);
  const planned = await rig.flow(['plan', 'own/mine.yaml']);
  expect(planned.stdout).toMatch(/^faces +run +never run$/m);
  const again = await rig.flow(['init', 'own/mine.yaml']);
  expect(again.code).toBe(2);
  expect(again.stderr).toContain('file-exists');
});

test('flow check shows every mistake with its place, and ends with 2', async () => {
  rig.write('bad.yaml', 'name: bad\nstages:\n  a:\n    uses: synthesize\n    with: { peple: 3, pairs: 0 }\n');
  const { code, stdout, stderr } = await rig.flow(['check', 'bad.yaml']);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain('bad.yaml:5:13 unknown-param: stage "a" has no parameter "peple"');
  expect(stderr).toContain('bad.yaml:5:30 bad-param: "pairs" of stage "a" must be at least 2, found 0\n  with:');
  const asJson = await rig.flow(['check', 'bad.yaml', '--json']);
  expect(asJson.code).toBe(2);
  expect(JSON.parse(asJson.stdout)).toMatchObject({
    failures: [
      { code: 'unknown-param', at: { file: 'bad.yaml', line: 5, column: 13, length: 5 } },
      { code: 'bad-param', at: { file: 'bad.yaml', line: 5, column: 30 } },
    ],
  });
});

test('flow check warns of what is odd and of inputs that are elsewhere, and ends with 0', async () => {
  const text = 'name: odd\nparams: { unused: 1 }\nstages:\n  a: { uses: face2rec, with: { images: nowhere } }\n';
  rig.write('odd.yaml', text);
  const { code, stdout } = await rig.flow(['check', 'odd.yaml', '--json']);
  expect(code).toBe(0);
  const { tasks, warnings } = JSON.parse(stdout) as { tasks: string[]; warnings: { code: string }[] };
  expect(tasks).toEqual(['a']);
  expect(warnings.map((warning) => warning.code)).toEqual(['unused-param', 'input-not-found']);
});

test('flow why names what changed, with both values and the place; or since when nothing did', async () => {
  rig.chain(pairOfStages);
  const before = await rig.flow(['why', 'chain.yaml', 'b']);
  expect(before.stdout).toBe('b may run:\n  waits for a\n');
  expect((await rig.flow(['run', 'chain.yaml'])).code).toBe(0);
  const known = await rig.flow(['why', 'chain.yaml', 'b']);
  expect(known.stdout).toMatch(/^b: nothing changed, cached since \d{4}-\d\d-\d\dT[\d:.]+Z \(run \S+\)$/m);
  const changed = await rig.flow(['why', 'chain.yaml', 'a', '--set', 'a.text=other', '--json']);
  expect(JSON.parse(changed.stdout)).toEqual([
    { task: 'a', state: 'run', reasons: [{ code: 'param', text: 'text "a" -> "other" (--set a.text=other)' }] },
  ]);
  const unknown = await rig.flow(['why', 'chain.yaml', 'c']);
  expect(unknown.code).toBe(2);
  expect(unknown.stderr).toContain('unknown-task');
});

test('flow stages lists the stages, explains one, and knows those of the workspace', async () => {
  const list = await rig.flow(['stages']);
  expect(list.stdout).toMatch(/^verify +model, pairs, protocol, groups, faces -> verification, details +Measures/m);
  const one = await rig.flow(['stages', 'train']);
  expect(one.stdout).toMatch(/^ {2}loss +map/m);
  expect(one.stdout).toMatch(/^ {4}name: arcface/m);
  const own = await rig.flow(['stages', './stages/scripted', '--json']);
  expect(JSON.parse(own.stdout)).toMatchObject({ name: 'scripted', outputs: { out: { kind: 'file' } } });
  const none = await rig.flow(['stages', 'trian']);
  expect(none.code).toBe(2);
  expect(none.stderr).toContain('there is no stage "trian" (did you mean "train"?)');
});
