import { existsSync, rmSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { outcomes, Rig, until } from './rig.ts';

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
});

afterEach(async () => {
  await rig.dispose();
});

async function json(...args: string[]): Promise<Record<string, unknown>> {
  const ended = await rig.flow([...args, '--json']);
  expect(ended.stderr).toBe('');
  return JSON.parse(ended.stdout) as Record<string, unknown>;
}

it('runs are listed, shown, compared and repeated from the record', async () => {
  rig.chain({ a: [], b: ['a'] }, { b: 'figure: 0.5' });
  await rig.flow(['run', 'chain.yaml']);
  await rig.flow(['run', 'chain.yaml', '--set', 'stages.b.with.figure=0.75']);
  const [first = '', second = ''] = rig.runs();

  const listed = await rig.flow(['runs', 'chain']);
  expect(listed.stdout.split('\n').map((line) => line.split(' ')[0])).toEqual([second, first, '']);
  const shown = await rig.flow(['show', 'chain']);
  expect(shown.stdout).toContain(`${second}  done`);
  expect(shown.stdout).toContain('stages.b.with.figure=0.75');
  expect(shown.stdout).toMatch(/b, attempt 1 +done/);
  expect(await json('metrics', second)).toMatchObject({ figures: [{ task: 'a' }, { task: 'b', value: 0.75 }] });
  expect((await rig.flow(['logs', 'b'])).stdout).toContain('working on b');

  const compared = await rig.flow(['compare', first, second, '--csv']);
  expect(compared.stdout).toContain('parameter,b,figure,0.5,0.75');
  expect(compared.stdout).toContain('figure,b,figure,0.5,0.75');
  expect(compared.stdout).not.toContain('parameter,a');

  rig.chain({ a: [] });
  expect(outcomes(await rig.flow(['rerun', first, '--json']))).toEqual({ a: 'cached', b: 'cached' });
  expect((await json('metrics', 'latest'))['figures']).toMatchObject([{ task: 'a' }, { task: 'b', value: 0.5 }]);

  expect((await rig.flow(['show', 'chian'])).stderr).toContain('there is no run "chian" (did you mean "chain"?)');
});

it('a run is repeated from the texts that were recorded, though every file of it has changed or is gone', async () => {
  const shell = (command: string): string =>
    `stages: { a: { uses: shell, with: { command: "${command}", outputs: { out: out.txt } } } }\n`;
  rig.write(
    'files/base.yaml',
    `params: { word: base, other: 1 }\n${shell('echo ${params.word} ${params.other} > $out')}`,
  );
  rig.write('files/top.yaml', 'extends: base.yaml\nname: top\n');
  rig.write('files/over.yaml', 'params: { word: over }\n');
  const first = await rig.flow(['run', 'files/top.yaml', '--set-file', 'files/over.yaml', '--set', 'params.other=2']);
  expect(first.code).toBe(0);
  rig.write('files/base.yaml', shell('exit 1'));
  rmSync(rig.path('files/top.yaml'));
  rmSync(rig.path('files/over.yaml'));
  rmSync(rig.path('runs/cache'), { recursive: true });
  const again = await rig.flow(['rerun', 'top', '--json']);
  expect(outcomes(again)).toEqual({ a: 'done' });
  expect(rig.read('runs/latest/top/outputs/a/out.txt')).toBe('over 2\n');
});

it('a run whose inputs have changed since is not repeated with others in silence', async () => {
  rig.write('one.txt', '1\n');
  rig.write('two.txt', '2\n');
  rig.write(
    'sum.yaml',
    'name: sum\nstages:\n' +
      '  a: { uses: shell, with: { command: cat $in > $out, inputs: { in: one.txt }, outputs: { out: o } } }\n' +
      '  b:\n    uses: shell\n    with:\n      command: cat $in $other > $out\n' +
      '      inputs: { in: "${stages.a.outputs.out}", other: two.txt }\n      outputs: { out: o }\n',
  );
  await rig.flow(['run', 'sum.yaml']);
  expect((await rig.flow(['rerun', 'sum'])).code).toBe(0);
  const [computed = '', fromCache = ''] = rig.runs();
  rig.write('two.txt', 'another\n');
  for (const run of [computed, fromCache]) {
    const refused = await rig.flow(['rerun', run]);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr.replaceAll(/[0-9a-f]{12}/g, '<digest>')).toBe(
      'sum.yaml:8:55 not-as-recorded: two.txt is not what the run read: recorded content <digest>, found <digest>\n' +
        '  inputs: { in: "${stages.a.outputs.out}", other: two.txt }\n' +
        `  ${' '.repeat(48)}~~~~~~~\n` +
        '  Put the recorded content back, or take what is there now: --with-current-inputs.\n',
    );
  }
  rig.write('one.txt', 'also another\n');
  const both = await rig.flow(['rerun', computed, '--json']);
  const { failures } = JSON.parse(both.stdout) as { failures: { code: string; message: string }[] };
  expect(failures.map(({ code, message }) => `${code} ${message.split(' ')[0] ?? ''}`)).toEqual([
    'not-as-recorded one.txt',
    'not-as-recorded two.txt',
  ]);
  const taken = await rig.flow(['rerun', computed, '--with-current-inputs', '--json']);
  expect(outcomes(taken)).toEqual({ a: 'done', b: 'done' });
  rig.write('one.txt', '1\n');
  rig.write('two.txt', '2\n');
  expect(outcomes(await rig.flow(['rerun', computed, '--json']))).toEqual({ a: 'cached', b: 'cached' });
});

it('a run is exported, removed and imported with its results, and the database is rebuilt from the folders', async () => {
  rig.chain({ a: [], b: ['a'] }, { b: 'figure: 0.5' });
  await rig.flow(['run', 'chain.yaml']);
  const [run = ''] = rig.runs();
  const before = await json('show', run);
  await rig.flow(['export', run, 'taken', '--with-results']);
  await rig.flow(['rm', run]);
  expect(rig.runs()).toEqual([]);
  rmSync(rig.path('runs/cache'), { recursive: true });

  expect((await rig.flow(['import', 'taken'])).stdout).toBe(`imported ${run}, with 2 results\n`);
  expect(await json('show', run)).toEqual(before);
  expect((await rig.flow(['import', 'taken'])).stderr).toContain(`there is a run ${run} already`);
  expect(outcomes(await rig.flow(['run', 'chain.yaml', '--json']))).toEqual({ a: 'cached', b: 'cached' });

  expect((await rig.flow(['db', 'check'])).stdout).toBe('the database is whole\n');
  for (const suffix of ['', '-wal', '-shm']) rmSync(rig.path(`runs/flow.db${suffix}`), { force: true });
  const broken = await rig.flow(['db', 'check']);
  expect(broken.code).toBe(1);
  expect(broken.stdout).toContain(`run ${run} has a folder and is not in the database`);
  expect((await rig.flow(['db', 'rebuild'])).stdout).toBe('2 runs are in the database\n');
  expect(await json('show', run)).toEqual(before);
});

it('the log of a running task is followed until its end', async () => {
  rig.chain({ a: [] }, { a: 'waits: true' });
  const running = rig.start(['run', 'chain.yaml']);
  await rig.workerOf('a');
  const following = rig.start(['logs', 'a', '--follow']);
  let printed = '';
  following.process.stdout?.on('data', (text: string) => (printed += text));
  await until(() => printed.includes('working on a'));
  rig.order('a', 'finish');
  expect((await following.ended).code).toBe(0);
  expect((await running.ended).code).toBe(0);
  expect(existsSync(rig.path('runs/latest/chain'))).toBe(true);
});
