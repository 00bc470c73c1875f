import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { flowCommand, outcomes, Rig, type Ended } from './rig.ts';

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
});

afterEach(async () => {
  await rig.dispose();
});

function write(stages: readonly string[]): void {
  rig.write('e.yaml', `name: e\nstages:\n${stages.map((stage) => `  ${stage}\n`).join('')}`);
}

const run = (...more: string[]): Promise<Ended> => rig.flow(['run', 'e.yaml', '--json', ...more]);

async function expectSound(): Promise<void> {
  expect(await rig.flow(['cache', 'verify'])).toMatchObject({ code: 0 });
}

describe('a stored result', () => {
  it('keeps its links, also those written as absolute paths', async () => {
    write([
      `a: { uses: shell, with: { command: 'mkdir -p "$d/v1"; echo x > "$d/v1/f"; ln -s "$d/v1" "$d/current"; ln -s "../d/v1/f" "$d/up"; ln -s "$d/v1/f" "$l"', outputs: { d: { path: d, kind: folder }, l: l } } }`,
      'b: { uses: shell, with: { inputs: { d: "${stages.a.outputs.d}", l: "${stages.a.outputs.l}" }, command: \'cat "$d/current/f" "$d/up" "$l" > "$o"\', outputs: { o: o } } }',
    ]);
    expect(outcomes(await run())).toEqual({ a: 'done', b: 'done' });
    expect(rig.read('runs/latest/e/outputs/b/o')).toBe('x\nx\nx\n');
    await expectSound();
    expect(outcomes(await run())).toEqual({ a: 'cached', b: 'cached' });
  });

  it('keeps what is executable, also where another result holds the same bytes and is not', async () => {
    const program = '#!/bin/sh\necho built\n#'.padEnd(6000, 'x');
    rig.write('program', program);
    write([
      'build: { uses: shell, with: { inputs: { in: program }, command: \'cat "$in" > "$a"; cat "$in" > "$b"; chmod 755 "$b"; cat "$in" > "$c"; chmod 600 "$c"\', outputs: { a: a, b: b, c: c } } }',
      'use: { uses: shell, with: { inputs: { b: "${stages.build.outputs.b}" }, command: \'"$b" > "$res"\', outputs: { res: res } } }',
    ]);
    expect(outcomes(await run())).toEqual({ build: 'done', use: 'done' });
    const mode = (name: string): number => statSync(rig.path('runs/latest/e/outputs/build', name)).mode & 0o777;
    expect([mode('a'), mode('b'), mode('c')]).toEqual([0o444, 0o555, 0o444]);
    await rig.flow(['cache', 'export', 'exported']);
    const [key] = readdirSync(rig.path('exported')).filter((each) =>
      existsSync(rig.path('exported', each, 'outputs/b')),
    );
    expect(statSync(rig.path('exported', String(key), 'outputs/b')).mode & 0o777).toBe(0o555);
    await expectSound();
  });

  it('shares no file with the user, who can go on writing to his', async () => {
    writeFileSync(rig.path('in.dat'), 'x'.repeat(10_000));
    chmodSync(rig.path('in.dat'), 0o640);
    write([
      'a: { uses: shell, with: { inputs: { in: in.dat }, command: \'ln "$in" "$out"\', outputs: { out: out.dat } } }',
    ]);
    expect(outcomes(await run())).toEqual({ a: 'done' });
    expect(statSync(rig.path('in.dat')).mode & 0o777).toBe(0o640);
    writeFileSync(rig.path('in.dat'), 'more', { flag: 'a' });
    await expectSound();
  });

  it('holds two names of one file as two files, and nothing else', async () => {
    write([
      `a: { uses: shell, with: { command: 'mkdir "$d"; head -c 9000 /dev/zero > "$d/1"; ln "$d/1" "$d/2"; head -c 9000 /dev/zero > "$d/3"', outputs: { d: { path: d, kind: folder } } } }`,
    ]);
    expect(outcomes(await run())).toEqual({ a: 'done' });
    expect(readdirSync(rig.path('runs/latest/e/outputs/a/d'))).toEqual(['1', '2', '3']);
    await expectSound();
    expect(outcomes(await run('--force', 'a'))).toEqual({ a: 'done' });
    expect(readdirSync(rig.path('runs/latest/e/outputs/a/d'))).toEqual(['1', '2', '3']);
    await expectSound();
  });

  it('with a name that is not UTF-8 is refused by name', async () => {
    write([
      `a: { uses: shell, with: { command: 'mkdir "$d"; echo > "$d/$(printf "a\\377")"', outputs: { d: { path: d, kind: folder } } } }`,
    ]);
    const ended = await run();
    expect(ended.code).toBe(1);
    expect(ended.stdout).toContain('its name is not UTF-8');
  });
});

const isRoot = process.getuid?.() === 0;
const nobody = 65_534;

interface User {
  readonly uid: number;
  readonly gid: number;
  /** Absolute. */
  readonly folder: string;
  readonly environment?: Readonly<Record<string, string>>;
}

function runAs({ uid, gid, folder, environment = {} }: User, ...args: string[]): Promise<Ended> {
  const child = spawn(process.execPath, [flowCommand, ...args], {
    cwd: folder,
    uid,
    gid,
    env: { ...process.env, HOME: folder, FLOW_ENGINE: 'cpu', NO_COLOR: '1', ...environment },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (text: Buffer) => (stdout += text.toString()));
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
  return new Promise((resolve) => {
    child.on('close', (code, signal) => {
      resolve({ code, signal, stdout, stderr });
    });
  });
}

/** Runs `flow` as a user whom permissions mean something. */
async function runAsUser(...args: string[]): Promise<Ended> {
  if (!isRoot) return rig.flow(args);
  execFileSync('chown', ['-R', String(nobody), rig.folder]);
  return runAs({ uid: nobody, gid: nobody, folder: rig.folder }, ...args);
}

describe('a cache of a group', () => {
  it.skipIf(!isRoot)('is used, replaced and collected by each of its users', async () => {
    const group = 4242;
    const cache = rig.path('shared');
    mkdirSync(cache);
    execFileSync('chown', [`0:${group}`, cache]);
    chmodSync(cache, 0o2775);
    chmodSync(rig.folder, 0o755);
    const [anna, bert] = [5001, 5002].map((uid) => {
      const folder = rig.path(String(uid));
      mkdirSync(folder);
      const stage = (name: string, end: string): string =>
        `  ${name}: { uses: shell, with: { command: 'mkdir "$d"; head -c 9000 /dev/zero > "$d/f"; ${end}', outputs: { d: { path: d, kind: folder } } } }\n`;
      writeFileSync(`${folder}/e.yaml`, `name: e\nstages:\n${stage('a', 'true')}${stage('b', '[ -e ok ]')}`);
      execFileSync('chown', ['-R', `${uid}:${uid}`, folder]);
      return { uid, gid: group, folder, environment: { FLOW_CACHE: cache } };
    });
    if (anna === undefined || bert === undefined) throw new Error('two users were made');
    const sharedRun = (user: User, ...more: string[]): Promise<Ended> =>
      runAs(user, 'run', 'e.yaml', '--json', '-k', ...more);
    expect(outcomes(await sharedRun(anna))).toEqual({ a: 'done', b: 'failed' });
    writeFileSync(`${bert.folder}/ok`, '');
    const second = await sharedRun(bert);
    expect(second.stderr).toBe('');
    expect(outcomes(second)).toEqual({ a: 'cached', b: 'done' });
    expect(outcomes(await sharedRun(bert, '--force', 'a'))).toEqual({ a: 'done', b: 'cached' });
    expect(outcomes(await sharedRun(anna))).toEqual({ a: 'cached', b: 'cached' });
    expect((await runAs(anna, 'cache', 'verify')).code).toBe(0);
    const collected = await runAs(anna, 'cache', 'gc', '--max-size', '0');
    expect(collected.stdout).toContain('2 results removed');
    expect(collected.code).toBe(0);
    expect(readdirSync(cache).filter((name) => !name.startsWith('.'))).toEqual([]);
  });

  it.skipIf(!isRoot)('what belongs to a user who lets nobody else remove it is named by gc', async () => {
    write([`a: { uses: shell, with: { command: 'echo > "$o"', outputs: { o: o } } }`]);
    expect((await runAsUser('run', 'e.yaml')).code).toBe(0);
    execFileSync('chown', ['-R', '0:0', rig.path('runs/cache')]);
    const user = { uid: nobody, gid: nobody, folder: rig.folder };
    const collected = await runAs(user, 'cache', 'gc', '--max-size', '0');
    expect(collected.stdout).toMatch(/could not be removed: EACCES/);
    expect(collected.code).toBe(1);
  });
});

describe('a trouble of the file system', () => {
  it('a result with a folder that may only be read is replaced by a further one', async () => {
    write([
      `a: { uses: shell, with: { command: 'mkdir -p "$o/ro"; echo x > "$o/ro/f"; chmod 555 "$o/ro"', outputs: { o: o } } }`,
    ]);
    for (let time = 0; time < 3; time += 1) {
      const ended = await runAsUser('run', 'e.yaml', '--json', '--force', 'a');
      expect(ended.stderr).toBe('');
      expect(outcomes(ended)).toEqual({ a: 'done' });
    }
    expect(readdirSync(rig.path('runs/scratch'))).toEqual([]);
    expect((await runAsUser('cache', 'verify')).code).toBe(0);
  });

  it('a failed task with a folder that may only be read can be run again', async () => {
    write([
      `a: { uses: shell, with: { command: 'mkdir -p "$o/ro"; touch "$o/ro/f"; chmod 555 "$o/ro"; exit 1', outputs: { o: o } } }`,
    ]);
    for (let time = 0; time < 2; time += 1)
      expect(outcomes(await runAsUser('run', 'e.yaml', '--json'))).toEqual({ a: 'failed' });
    expect(readdirSync(rig.path('runs/scratch'))).toEqual([]);
  });

  it('in one task is its failure: the others go on, and the run is recorded as failed', async () => {
    write([
      `a: { uses: shell, with: { command: 'echo x > "$o"; chmod 000 "$o"', outputs: { o: o } } }`,
      `b: { uses: shell, with: { command: 'sleep 1; echo x > "$o"', outputs: { o: o } } }`,
    ]);
    const ended = await runAsUser('run', 'e.yaml', '--json', '-k');
    expect(ended.code).toBe(1);
    expect(outcomes(ended)).toEqual({ a: 'failed', b: 'done' });
    expect(ended.stdout).toContain('"code":"unreadable-output"');
    expect((await runAsUser('runs')).stdout).toContain('failed');
    expect((await runAsUser('run', 'e.yaml')).stdout).toContain(
      '  unreadable-output: output o holds something that may not be read: o\n' +
        '    Let its owner read it: chmod u+r, and u+rx for a folder.\n',
    );
  });

  it('while a task is prepared is its failure too', async () => {
    write([`a: { uses: shell, with: { command: 'echo x > "$o"', outputs: { o: o } } }`]);
    mkdirSync(rig.path('runs/scratch'), { recursive: true });
    chmodSync(rig.path('runs/scratch'), 0o555);
    const ended = await runAsUser('run', 'e.yaml');
    expect(ended.code).toBe(1);
    expect(ended.stdout).toContain(
      '  system-error: the system refused what the task needs: EACCES: permission denied, mkdir',
    );
    expect(ended.stdout).toContain('    Look at the permissions and at the disk, and run again.\n');
  });

  it.skipIf(!isRoot)('a task that fills the disk fails, leaves room, and the next run works', ({ skip }) => {
    onSmallDisk(skip, (flow) => {
      const text = (command: string): string =>
        `name: full\nstages:\n  a: { uses: shell, with: { command: '${command}', outputs: { o: o } } }\n  b: { uses: shell, with: { command: 'sleep 2; echo b > "$o"', outputs: { o: o } } }\n`;
      writeFileSync(rig.path('small/e.yaml'), text('head -c 8000000 /dev/zero > "$o"'));
      const ended = flow('run', 'e.yaml', '-k');
      expect(ended).toContain('exit code 1');
      expect(ended).toContain('1 task run');
      expect(flow('runs')).toContain('failed');
      writeFileSync(rig.path('small/e.yaml'), text('echo small > "$o"'));
      expect(flow('run', 'e.yaml')).not.toMatch(/exit code \d+$/);
      writeFileSync(rig.path('small/e.yaml'), text('head -c 8000000 /dev/zero > "$o" || true'));
      const unpublished = flow('run', 'e.yaml', '-k');
      expect(unpublished).toContain('  disk-full: there is no room left on the disk: ENOSPC');
      expect(unpublished).toContain('    Make room (flow cache gc, flow rm) and run again.\n');
      expect(unpublished).toMatch(/exit code 1$/);
    });
  });

  it.skipIf(!isRoot)('on a full disk runs are listed, and scratch folders and runs removed', ({ skip }) => {
    onSmallDisk(skip, (flow) => {
      writeFileSync(
        rig.path('small/e.yaml'),
        'name: full\nstages: { a: { uses: shell, with: { command: \'head -c 2000000 /dev/zero > "$o"; kill -9 $PPID\', outputs: { o: o } } } }\n',
      );
      flow('run', 'e.yaml');
      const [name] = readdirSync(rig.path('small/runs/scratch'));
      expect(name).toBeDefined();
      expect(() => {
        writeFileSync(rig.path('small/filler'), Buffer.alloc(8 << 20));
      }).toThrow('ENOSPC');
      expect(flow('runs')).toMatch(/-full +(killed|running)/);
      expect(flow('show', 'full')).toContain('full');
      const collected = flow('cache', 'gc');
      expect(collected).toContain('1 abandoned scratch folder');
      expect(collected).toMatch(/freed 1\.9 MiB/);
      expect(readdirSync(rig.path('small/runs/scratch'))).toEqual([]);
      expect(flow('rm', 'full')).toContain('removed');
      expect(flow('runs')).not.toContain('-full');
    });
  });
});

type Flow = (...args: string[]) => string;

/** Mounts a disk of 5 MB at `small`; what `flow` prints there ends with its exit code unless that is 0. */
function onSmallDisk(skip: (note: string) => never, act: (flow: Flow) => void): void {
  mkdirSync(rig.path('small'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=5m', 'none', rig.path('small')], { stdio: 'ignore' });
  } catch {
    skip('no right to mount a small disk');
  }
  try {
    act((...args) => {
      const { status, stdout, stderr } = spawnSync(process.execPath, [flowCommand, ...args], {
        cwd: rig.path('small'),
        encoding: 'utf8',
      });
      return `${stdout}${stderr}${status === 0 ? '' : `exit code ${String(status)}`}`;
    });
  } finally {
    execFileSync('umount', ['-l', rig.path('small')]);
  }
}
