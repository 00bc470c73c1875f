import { execFile } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, statSync, truncateSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { events, flowCommand, Rig } from './rig.ts';

const execute = promisify(execFile);
let rig: Rig;

beforeEach(() => {
  rig = new Rig();
  rig.chain({ a: [], b: ['a'] });
});

afterEach(async () => {
  for (const folder of ['', 'runs']) if (existsSync(rig.path(folder))) chmodSync(rig.path(folder), 0o755);
  await rig.dispose();
});

it('a damaged database is reported, and rebuilt from the folders of the runs', async () => {
  await rig.flow(['run', 'chain.yaml']);
  const [run = ''] = rig.runs();
  rig.write('runs/flow.db', 'garbage\n');
  for (const command of [['runs'], ['run', 'chain.yaml'], ['db', 'check']]) {
    const ended = await rig.flow(command);
    expect(ended.code).toBe(2);
    expect(ended.stderr.replaceAll(rig.folder, '<workspace>').trimEnd()).toMatchInlineSnapshot(`
      "<workspace>/runs/flow.db: database-damaged: expected the database of the runs, found a damaged file (file is not a database)
        flow db rebuild makes a new one from the folders of the runs, and keeps the damaged one next to it."
    `);
  }
  const rebuilt = await rig.flow(['db', 'rebuild']);
  expect(rebuilt.stdout).toContain('1 run is in the database\n');
  expect(rebuilt.code).toBe(0);
  expect(rig.read('runs/flow.db.damaged')).toBe('garbage\n');
  expect(existsSync(rig.path('runs/flow.db.new'))).toBe(false);
  expect((await rig.flow(['runs'])).stdout).toContain(`${run}  done`);
});

it('a damaged file of locks, and a damaged stat cache, are replaced', async () => {
  rig.write('runs/locks.db', 'garbage\n');
  rig.write('runs/stat.db', 'garbage\n');
  rig.write('in.txt', 'content\n');
  rig.write(
    'reads.yaml',
    'name: reads\nstages: { a: { uses: shell, with: { command: cat $in > $out, inputs: { in: in.txt }, outputs: { out: o } } } }\n',
  );
  const ended = await rig.flow(['run', 'reads.yaml']);
  expect(ended.stderr).toBe('');
  expect(ended.code).toBe(0);
});

it('a rebuild goes on after a folder it cannot read, and says which events are cut off', async () => {
  for (const suffix of ['1', '2', '3']) await rig.flow(['run', 'chain.yaml', '--set', `params.suffix=${suffix}`]);
  const [first = '', second = '', third = ''] = rig.runs();
  rig.write(`runs/${first}/run.json`, '{');
  const cut = rig.path('runs', second, 'events.ndjson');
  truncateSync(cut, statSync(cut).size - 10);
  const rebuilt = await rig.flow(['db', 'rebuild']);
  expect(rebuilt.code).toBe(1);
  expect(rebuilt.stdout).toContain(
    `2 runs are in the database; 1 could not be read:\n  ${first}: expected the record of a run, found something else\n`,
  );
  expect(rebuilt.stdout).toMatch(new RegExp(`${second} is in it .*: events.ndjson is cut off in line [0-9]+\\n`));
  expect((await rig.flow(['show', third])).stdout).toContain(`${third}  done`);
});

it('a run outlives the reader of what it prints', async () => {
  const running = rig.start(['run', 'chain.yaml', '--json']);
  running.process.stdout?.destroy();
  running.process.stderr?.destroy();
  expect((await running.ended).code).toBe(0);
  const [run] = events({ code: 0, signal: null, stderr: '', stdout: rig.eventsSoFar() }).slice(-1);
  expect(run).toMatchObject({ type: 'run-ended' });
  expect(rig.starts('b')).toBe(1);
});

/** Root may write everywhere, so commands are called as another user then. */
async function asReader(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const isRoot = process.getuid?.() === 0;
  const nobody: { uid?: number; gid?: number } = isRoot ? { uid: 65534, gid: 65534 } : {};
  const options = { cwd: rig.folder, env: { ...process.env, FLOW_ENGINE: 'cpu', NO_COLOR: '1' }, ...nobody };
  try {
    return { code: 0, ...(await execute(process.execPath, [flowCommand, ...args], options)) };
  } catch (error) {
    const ended = error as { code: number | string; stdout: string; stderr: string };
    if (typeof ended.code === 'string') {
      throw new Error(`user ${nobody.uid} cannot start ${process.execPath}: let others enter its folders`, {
        cause: error,
      });
    }
    return { ...ended, code: ended.code };
  }
}

describe('a workspace that may only be read', () => {
  function forbid(): void {
    for (const folder of ['', 'runs']) if (existsSync(rig.path(folder))) chmodSync(rig.path(folder), 0o555);
    if (existsSync(rig.path('runs'))) for (const name of ['flow.db']) chmodSync(rig.path('runs', name), 0o444);
  }

  it('can be looked into, and a run there reports what it cannot write', async () => {
    await rig.flow(['run', 'chain.yaml']);
    const [run = ''] = rig.runs();
    forbid();
    const before = readdirSync(rig.path('runs'));
    const commands = [
      ['runs'],
      ['show'],
      ['logs', 'a'],
      ['status'],
      ['status', 'chain.yaml'],
      ['metrics'],
      ['db', 'check'],
    ];
    for (const command of commands) expect(await asReader(...command)).toMatchObject({ code: 0, stderr: '' });
    expect((await asReader('runs')).stdout).toContain(`${run}  done`);
    expect(readdirSync(rig.path('runs'))).toEqual(before);
    const refused = await asReader('run', 'chain.yaml');
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(
      /^cache-not-writable: expected a cache folder that can be made and written, found \S+\/runs\/cache: EACCES/,
    );
    expect(refused.stderr).toContain('Name another folder in FLOW_CACHE.');
  });

  it('is looked into without a trace where nothing was ever run', async () => {
    forbid();
    expect(await asReader('runs')).toMatchObject({ code: 0, stdout: 'no runs\n' });
    const refused = await asReader('run', 'chain.yaml');
    expect(refused.code).toBe(2);
    expect(refused.stderr).toBe(
      'cache-not-writable: expected a cache folder that can be made and written, found ' +
        `${rig.path('runs/cache')}: EACCES: permission denied, mkdir '${rig.path('runs')}'\n  Name another folder in FLOW_CACHE.\n`,
    );
    expect(existsSync(rig.path('runs'))).toBe(false);
  });
});
