import { readdirSync, truncateSync, chmodSync } from 'node:fs';
import { openSqlite } from '../../src/core/sqlite.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { events, isAlive, outcomes, Rig, until } from './rig.ts';

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
});

afterEach(async () => {
  await rig.dispose();
});

describe('flow run', () => {
  it('runs every task once, each after those it reads, and takes all from the cache the second time', async () => {
    rig.chain({ a: [], b: ['a'], c: ['a'], d: ['b', 'c'] });
    const first = await rig.flow(['run', 'chain.yaml', '--json']);
    expect(first.stderr).toBe('');
    expect(first.code).toBe(0);
    expect(outcomes(first)).toEqual({ a: 'done', b: 'done', c: 'done', d: 'done' });
    expect(rig.read('runs/latest/chain/outputs/d/out.txt')).toBe('a b a c d');
    const second = await rig.flow(['run', 'chain.yaml', '--json']);
    expect(second.code).toBe(0);
    expect(outcomes(second)).toEqual({ a: 'cached', b: 'cached', c: 'cached', d: 'cached' });
    expect(rig.notes().filter((note) => note.startsWith('start'))).toHaveLength(4);
    expect(rig.read('runs/latest/chain/outputs/d/out.txt')).toBe('a b a c d');
  });

  it('reruns exactly the tasks that a changed parameter reaches', async () => {
    rig.chain({ a: [], b: [], c: ['b'] });
    await rig.flow(['run', 'chain.yaml']);
    const changed = await rig.flow(['run', 'chain.yaml', '--json', '--set', 'stages.b.with.figure=2']);
    // The figure is not in the output: an early cutoff spares c.
    expect(outcomes(changed)).toEqual({ a: 'cached', b: 'done', c: 'cached' });
    const other = await rig.flow(['run', 'chain.yaml', '--json', '--set', 'stages.b.with.text=other']);
    expect(outcomes(other)).toEqual({ a: 'cached', b: 'done', c: 'done' });
    const back = await rig.flow(['run', 'chain.yaml', '--json']);
    expect(outcomes(back)).toEqual({ a: 'cached', b: 'cached', c: 'cached' });
  });

  it('ends with 1 when a stage throws, shows why, and skips what depends on it', async () => {
    rig.chain({ a: [], b: ['a'] }, { a: 'waits: true' });
    const running = rig.start(['run', 'chain.yaml']);
    await rig.workerOf('a');
    rig.order('a', 'fail');
    const ended = await running.ended;
    expect(ended.code).toBe(1);
    expect(ended.stdout + ended.stderr).toContain('told to fail');
    expect(rig.entries()).toEqual([]);
    expect(rig.starts('b')).toBe(0);
  });

  it('goes on with what does not depend on a failure under --keep-going', async () => {
    rig.chain({ a: [], b: ['a'], c: [], d: ['c'] }, { a: 'waits: true', c: 'waits: true' });
    const running = rig.start(['run', 'chain.yaml', '--json', '--keep-going', '--jobs', '2']);
    await rig.workerOf('a');
    rig.order('a', 'fail');
    await rig.workerOf('c');
    rig.order('c', 'finish');
    const ended = await running.ended;
    expect(ended.code).toBe(1);
    expect(outcomes(ended)).toEqual({ a: 'failed', b: 'skipped', c: 'done', d: 'done' });
  });

  it('names a worker that was killed', async () => {
    rig.chain({ a: [] }, { a: 'waits: true' });
    const running = rig.start(['run', 'chain.yaml', '--json']);
    await rig.workerOf('a');
    rig.order('a', 'crash');
    const ended = await running.ended;
    expect(ended.code).toBe(1);
    const attempt = events(ended).find((event) => event.type === 'attempt-ended');
    expect(attempt?.['result']).toEqual({ outcome: 'crashed', exitCode: null, signal: 'SIGKILL' });
  });

  it('ends with 2 and a located message when the experiment is wrong', async () => {
    rig.chain({ a: [] }, { a: 'txet: x' });
    const ended = await rig.flow(['run', 'chain.yaml']);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain('chain.yaml:');
    expect(ended.stderr).toContain('did you mean "text"?');
  });

  it('records runs, tasks, attempts, artifacts and metrics', async () => {
    rig.chain({ a: [], b: ['a'] }, { b: 'figure: 0.5' });
    await rig.flow(['run', 'chain.yaml']);
    await rig.flow(['run', 'chain.yaml']);
    const database = openSqlite(rig.path('runs/flow.db'), { readonly: true });
    const rows = (sql: string): unknown[] => database.prepare(sql).raw().all();
    expect(rows('select experiment, outcome from run')).toEqual([
      ['chain', 'done'],
      ['chain', 'done'],
    ]);
    expect(rows('select task, outcome from task order by run, position')).toEqual([
      ['a', 'done'],
      ['b', 'done'],
      ['a', 'cached'],
      ['b', 'cached'],
    ]);
    expect(rows('select task, number, outcome from attempt')).toEqual([
      ['a', 1, 'done'],
      ['b', 1, 'done'],
    ]);
    expect(rows("select task, value from metric where name = 'figure' and task = 'b'")).toEqual([
      ['b', 0.5],
      ['b', 0.5],
    ]);
    expect(rows('select count(*) from artifact')).toEqual([[8]]);
    expect(database.pragma('foreign_key_check')).toEqual([]);
    database.close();
  });
});

describe('an interrupted run', () => {
  it('stops in order on the first Ctrl-C, ends with 130 and resumes from the checkpoint', async () => {
    steppingExperiment();
    const running = rig.start(['run', 'steps.yaml', '--json']);
    await rig.workerOf('steps');
    running.process.kill('SIGINT');
    const ended = await running.ended;
    expect(ended.code).toBe(130);
    expect(outcomes(ended)).toEqual({ steps: 'interrupted' });
    const counts = events(ended).at(-1)?.['counts'];
    expect(counts).toEqual({ done: 0, cached: 0, failed: 0, interrupted: 1, skipped: 0 });
    expect((await rig.flow(['show'])).stdout).toMatch(/^steps +interrupted +[0-9a-f]{12}$/m);
    await expectToGoOn();
  });

  it('kills workers that do not listen on the second Ctrl-C', async () => {
    rig.chain({ a: [] }, { a: 'waits: true' });
    const running = rig.start(['run', 'chain.yaml']);
    const worker = await rig.workerOf('a');
    rig.order('a', 'hang');
    await until(() => !readdirSync(rig.control).includes('a.do'));
    running.process.kill('SIGINT');
    await until(() => rig.eventsSoFar().includes('stopping'));
    expect(isAlive(worker)).toBe(true);
    running.process.kill('SIGINT');
    expect((await running.ended).code).toBe(130);
    expect(isAlive(worker)).toBe(false);
  });

  it('resumes from the checkpoint after the runner was killed, whose worker ends by itself', async () => {
    steppingExperiment();
    const running = rig.start(['run', 'steps.yaml']);
    const worker = await rig.workerOf('steps');
    running.process.kill('SIGKILL');
    await running.ended;
    await until(() => !isAlive(worker));
    await expectToGoOn();
    const database = openSqlite(rig.path('runs/flow.db'), { readonly: true });
    expect(database.prepare('select number, outcome, resumedFrom from attempt order by run').raw().all()).toEqual([
      [1, 'lost', null],
      [1, 'done', 3],
    ]);
    expect(database.prepare('select outcome from run order by id').pluck().all()).toEqual(['killed', 'done']);
    expect(database.prepare('select outcome from task order by run').pluck().all()).toEqual(['interrupted', 'done']);
    database.close();
  });

  it('resumes from the checkpoint after the worker was killed', async () => {
    steppingExperiment();
    const running = rig.start(['run', 'steps.yaml']);
    process.kill(await rig.workerOf('steps'), 'SIGKILL');
    expect((await running.ended).code).toBe(1);
    await expectToGoOn();
  });

  function steppingExperiment(): void {
    rig.write(
      'steps.yaml',
      `name: steps\nsummary: a test\nstages:\n  steps:\n    uses: ./stages/stepping\n    with: { steps: 5, stopAt: 3, control: ${rig.control} }\n`,
    );
  }

  async function expectToGoOn(): Promise<void> {
    rig.write('control/go-on', '');
    const ended = await rig.flow(['run', 'steps.yaml', '--json']);
    expect(ended.code).toBe(0);
    expect(events(ended).find((event) => event.type === 'task-started')).toMatchObject({ attempt: 1, resumedFrom: 3 });
    expect(rig.notes()).toEqual(['step 1', 'step 2', 'step 3', 'step 4', 'step 5']);
    expect(rig.read('runs/latest/steps/outputs/steps/steps.txt')).toBe('step 1\nstep 2\nstep 3\nstep 4\nstep 5\n');
    expect(readdirSync(rig.path('runs/scratch'))).toEqual([]);
  }
});

describe('two runs at once', () => {
  it('compute each task once: the second waits and takes the result', async () => {
    rig.chain({ a: [], b: ['a'] }, { a: 'waits: true' });
    const first = rig.start(['run', 'chain.yaml', '--json']);
    await rig.workerOf('a');
    const second = rig.start(['run', 'chain.yaml', '--json']);
    await until(() => rig.runs().length === 2);
    rig.order('a', 'finish');
    const ends = await Promise.all([first.ended, second.ended]);
    expect(ends.map((end) => end.code)).toEqual([0, 0]);
    expect(rig.starts('a')).toBe(1);
    expect(rig.starts('b')).toBe(1);
    expect(outcomes(ends[1])['a']).toBe('cached');
  });

  it('leave the task to the second when the first is killed', async () => {
    rig.chain({ a: [] }, { a: 'waits: true' });
    const first = rig.start(['run', 'chain.yaml']);
    const worker = await rig.workerOf('a');
    const second = rig.start(['run', 'chain.yaml', '--json']);
    await until(() => rig.runs().length === 2);
    first.process.kill('SIGKILL');
    await until(() => rig.starts('a') === 2);
    expect(isAlive(worker)).toBe(false);
    rig.order('a', 'finish');
    expect(outcomes(await second.ended)).toEqual({ a: 'done' });
  });
});

describe('a damaged cache', () => {
  it('computes a result again whose file was cut off, and says so', async () => {
    rig.chain({ a: [], b: ['a'] }, { a: 'files: 3' });
    await rig.flow(['run', 'chain.yaml']);
    const file = rig.path('runs/latest/chain/outputs/a/folder/1');
    chmodSync(file, 0o644);
    truncateSync(file, 1);
    const why = await rig.flow(['why', 'chain.yaml', 'a']);
    expect(why.stdout).toMatch(/its result in the cache is damaged: output folder is not what was stored/);
    const ended = await rig.flow(['run', 'chain.yaml', '--json']);
    expect(ended.code).toBe(0);
    expect(outcomes(ended)).toEqual({ a: 'done', b: 'cached' });
    const notice = events(ended).find((event) => event.type === 'notice');
    expect(notice?.['message']).toMatch(/is damaged and will be replaced: output folder is not what was stored/);
    expect(rig.read('runs/latest/chain/outputs/a/folder/1')).toBe('a 1');
  });

  it('computes a result again whose description was cut off', async () => {
    rig.chain({ a: [] });
    await rig.flow(['run', 'chain.yaml']);
    truncateSync(rig.path('runs/cache', rig.entries()[0] ?? '', 'entry.json'), 100);
    expect(outcomes(await rig.flow(['run', 'chain.yaml', '--json']))).toEqual({ a: 'done' });
    expect(outcomes(await rig.flow(['run', 'chain.yaml', '--json']))).toEqual({ a: 'cached' });
  });
});

describe('an input that changes while it is read', () => {
  it('keeps the output for inspection and caches nothing', async () => {
    rig.write('data.txt', 'before');
    rig.chain({ a: [] }, { a: 'before: data.txt\n      waits: true' });
    const running = rig.start(['run', 'chain.yaml', '--json']);
    await rig.workerOf('a');
    rig.write('data.txt', 'after');
    rig.order('a', 'finish');
    const ended = await running.ended;
    expect(ended.code).toBe(1);
    const attempt = events(ended).find((event) => event.type === 'attempt-ended');
    expect(attempt?.['result']).toEqual({
      outcome: 'input-changed',
      path: rig.path('data.txt'),
      kept: rig.path('runs', rig.runs()[0] ?? '', 'kept/a'),
    });
    expect(rig.entries()).toEqual([]);
    expect(rig.read('runs/latest/chain/kept/a/out.txt')).toBe('after a');
  });
});
