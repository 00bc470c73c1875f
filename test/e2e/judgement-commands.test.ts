import { existsSync, readFileSync, rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { outcomes, Rig } from './rig.ts';

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
});

afterEach(async () => {
  await rig.dispose();
});

describe('flow accept', () => {
  it('keeps the last result under the new key, with the reason, and what follows is not run either', async () => {
    rig.chain({ a: [], b: ['a'] });
    await rig.flow(['run', 'chain.yaml']);
    const change = ['--set', 'stages.a.with.figure=7'];
    const accepted = await rig.flow(['accept', 'chain.yaml', 'a', ...change, '--reason', 'only a figure', '--json']);
    expect(accepted.stderr).toBe('');
    const { key } = (JSON.parse(accepted.stdout) as { accepted: [{ key: string }] }).accepted[0];
    const entry = JSON.parse(rig.read(`runs/cache/${key}/entry.json`)) as { accepted: unknown };
    expect(entry.accepted).toMatchObject({ reason: 'only a figure' });
    expect(outcomes(await rig.flow(['run', 'chain.yaml', '--json', ...change]))).toEqual({ a: 'cached', b: 'cached' });
    expect(rig.starts('a')).toBe(1);
    const why = await rig.flow(['why', 'chain.yaml', 'a', ...change]);
    expect(why.stdout).toMatch(/accepted on .*Z: "only a figure"/);
    expect((await rig.flow(['show'])).stdout).toMatch(/^a +cached .* accepted on .*Z: "only a figure"$/m);
    const again = await rig.flow(['accept', 'chain.yaml', 'a', ...change, '--reason', 'x']);
    expect(again.code).toBe(2);
    expect(again.stderr).toContain('the result of a is good as it is: nothing has changed');
  });

  it('shows which changes are declared not to matter', async () => {
    rig.chain({ a: [] });
    await rig.flow(['run', 'chain.yaml']);
    const change = ['--set', 'stages.a.with.figure=7'];
    const { stdout } = await rig.flow(['accept', 'chain.yaml', 'a', ...change, '--reason', 'only a figure']);
    expect(stdout).toMatch(
      /^a: accepted its last result as [0-9a-f]{12}, though\n {2}figure 0 -> 7 \(--set stages\.a\.with\.figure=7\)\n$/,
    );
  });

  it('refuses the result of another kind of stage, of a task that waits and of one that never ran', async () => {
    const outputs = 'outputs: { out: out.txt, folder: { path: folder, kind: folder } }';
    const shell = `{ uses: shell, with: { command: echo hi > $out; mkdir $folder, ${outputs} } }`;
    rig.write('kinds.yaml', `name: kinds\nstages:\n  a: ${shell}\n`);
    const accept = async (task: string) => {
      const { code, stderr } = await rig.flow(['accept', 'kinds.yaml', task, '--reason', 'x']);
      return { code, said: stderr.split('\n')[0] };
    };
    const refusal = (text: string) => ({ code: 2, said: `kinds.yaml:${text}` });
    expect(await accept('a')).toEqual(
      refusal('3:3 nothing-to-accept: a has never run: there is no result that could be kept'),
    );
    await rig.flow(['run', 'kinds.yaml']);
    const entries = rig.entries();
    const after = '{ uses: ./stages/scripted, with: { before: "${stages.a.outputs.out}" } }';
    rig.write('kinds.yaml', `name: kinds\nstages:\n  a: { uses: ./stages/scripted }\n  b: ${after}\n`);
    expect(await accept('a')).toEqual(
      refusal('3:3 nothing-to-accept: the result of stage shell cannot be that of stage scripted'),
    );
    expect(await accept('b')).toEqual(
      refusal('4:3 nothing-to-accept: it is not known yet what b takes in: it waits for a'),
    );
    expect(rig.entries()).toEqual(entries);
  });

  it('tells a lost result from a changed one', async () => {
    rig.chain({ a: [] });
    await rig.flow(['run', 'chain.yaml']);
    for (const key of rig.entries()) rmSync(rig.path('runs/cache', key), { recursive: true });
    const lost = await rig.flow(['accept', 'chain.yaml', 'a', '--reason', 'x']);
    expect(lost.stderr).toContain('the result of a is lost, not changed');
    const changed = ['accept', 'chain.yaml', 'a', '--set', 'stages.a.with.figure=7', '--reason', 'x'];
    expect((await rig.flow(changed)).stderr).toContain('a has no earlier result in the cache that could be kept');
  });
});

describe('flow repeat', () => {
  it('shows whether a task is reproducible, and leaves its result alone', async () => {
    rig.write(
      'twice.yaml',
      'name: twice\nsummary: a test\nstages:\n' +
        '  same:\n    uses: shell\n    with: { command: echo same > "$out", outputs: { out: a.txt } }\n' +
        '  other:\n    uses: shell\n    with: { command: date +%N > "$out"; echo x > "$still", outputs: { out: b.txt, still: c.txt } }\n',
    );
    const same = await rig.flow(['repeat', 'twice.yaml', 'same']);
    expect(same.code).toBe(0);
    expect(same.stdout).toContain('same is reproducible: the same result again, byte for byte');
    const shown = JSON.parse((await rig.flow(['why', 'twice.yaml', 'same', '--json'])).stdout) as object[];
    expect(shown).toMatchObject([{ state: 'cached', repeated: { identical: true, differing: [] } }]);
    await rig.flow(['run', 'twice.yaml']);
    const before = rig.read('runs/latest/twice/outputs/other/b.txt');
    const other = await rig.flow(['repeat', 'twice.yaml', 'other']);
    expect(other.code).toBe(1);
    expect(other.stdout).toContain('other is not reproducible: another result in out\n');
    expect(outcomes(await rig.flow(['run', 'twice.yaml', '--json']))).toEqual({ same: 'cached', other: 'cached' });
    const why = await rig.flow(['why', 'twice.yaml', 'other']);
    expect(why.stdout).toMatch(/^other: nothing changed, cached since .*\n {2}repeated on .*Z: differs in out\n$/);
    expect((await rig.flow(['show'])).stdout).toMatch(/^same +cached .* repeated on .*Z: identical$/m);
    const { tasks } = JSON.parse((await rig.flow(['show', '--json'])).stdout) as { tasks: object[] };
    expect(tasks[1]).toMatchObject({ task: 'other', repeated: { identical: false, differing: ['out'] } });
    expect(rig.read('runs/latest/twice/outputs/other/b.txt')).toBe(before);
  });
});

describe('flow lock', () => {
  it('pins inputs from outside, which --locked then insists on', async () => {
    rig.write('data.txt', 'one');
    rig.chain({ a: [] }, { a: 'before: data.txt' });
    const unlocked = await rig.flow(['run', 'chain.yaml', '--locked']);
    expect(unlocked.code).toBe(2);
    expect(unlocked.stderr).toContain('no-lock: expected a lock for experiment "chain", found none');
    await rig.flow(['lock', 'chain.yaml']);
    expect(JSON.parse(rig.read('flow.lock'))).toMatchObject({
      experiments: { chain: { 'data.txt': expect.any(String) as unknown } },
    });
    expect((await rig.flow(['run', 'chain.yaml', '--locked'])).code).toBe(0);
    rig.write('data.txt', 'two');
    const changed = await rig.flow(['run', 'chain.yaml', '--locked']);
    expect(changed.code).toBe(2);
    expect(changed.stderr).toMatch(/chain\.yaml:\d+:\d+ not-as-locked: data\.txt is not what the lock says/);
    expect((await rig.flow(['run', 'chain.yaml'])).code).toBe(0);
  });
});

describe('completion', () => {
  const complete = async (line: string): Promise<string[]> =>
    (await rig.flow(['complete', '--', line])).stdout.split('\n').slice(0, -1);

  it('knows commands, options, tasks, parameters and runs', async () => {
    rig.chain({ align: [], verify: ['align'] });
    expect(await complete('flow ru')).toEqual(['run', 'runs']);
    expect(await complete('flow cache ')).toEqual(['export', 'gc', 'import', 'ls', 'pin', 'verify']);
    expect(await complete('flow run --ke')).toEqual(['--keep-going']);
    expect(await complete('flow run chain.yaml --only ')).toEqual(['align', 'verify']);
    expect(await complete('flow run chain.yaml ve')).toEqual(['verify']);
    expect(await complete('flow run chain.yaml --set stages.verify.with.fi')).toEqual([
      'stages.verify.with.figure=',
      'stages.verify.with.files=',
    ]);
    expect(await complete('flow run ch')).toEqual([]);
    await rig.flow(['run', 'chain.yaml']);
    expect(await complete('flow show ch')).toEqual(['chain']);
    expect((await rig.flow(['--help'])).stdout).not.toContain('say what may come next');
  });

  it('comes as a script that bash can read', async () => {
    const script = await rig.flow(['completion', 'bash']);
    rig.write('completion.bash', script.stdout);
    const { spawnSync } = await import('node:child_process');
    expect(spawnSync('bash', ['-n', rig.path('completion.bash')], { encoding: 'utf8' }).stderr).toBe('');
    expect((await rig.flow(['completion', 'tcsh'])).code).toBe(2);
  });
});

describe('ten runs at once', () => {
  it('compute each task once, and all of them succeed', async () => {
    rig.chain({ a: [], b: ['a'], c: ['a'], d: ['b', 'c'] });
    const ends = await Promise.all(Array.from({ length: 10 }, () => rig.flow(['run', 'chain.yaml', '--json'])));
    expect(ends.map(({ code, stderr }) => ({ code, stderr }))).toEqual(ends.map(() => ({ code: 0, stderr: '' })));
    for (const text of ['a', 'b', 'c', 'd']) expect(rig.starts(text)).toBe(1);
    expect(rig.runs()).toHaveLength(10);
    expect((await rig.flow(['db', 'check'])).stdout).toBe('the database is whole\n');
    expect(existsSync(rig.path('runs/latest/chain'))).toBe(true);
    expect(readFileSync(rig.path('runs/latest/chain/outputs/d/out.txt'), 'utf8')).toBe('a b a c d');
  });
});
