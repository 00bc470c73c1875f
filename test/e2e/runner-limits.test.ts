import { setTimeout } from 'node:timers/promises';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { flowCommand, outcomes, Rig, until, type Ended } from './rig.ts';

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
});

afterEach(async () => {
  await rig.dispose();
});

/** An experiment of one task that writes a word. */
function write(name: string, stage = 'a', command = 'echo word > "$o"'): void {
  const task = { uses: 'shell', with: { command, outputs: { o: 'o' } } };
  rig.write('e.yaml', JSON.stringify({ name, stages: { [stage]: task } }));
}

const run = (...more: string[]): Promise<Ended> => rig.flow(['run', 'e.yaml', '--json', ...more]);
const long = 'x'.repeat(300);

describe('a name', () => {
  it.each([
    ['of 300 characters', long],
    ['of two dots', '..'],
    ['of a folder of ours', 'cache'],
    ['with every sign of file systems', 'a/b\\c:d*e?f"g<h>i|j'],
    ['of letters of four bytes', '𝒳'.repeat(80)],
  ])('of an experiment %s leads to its run and results', async (_, name) => {
    write(name);
    expect(outcomes(await run())).toEqual({ a: 'done' });
    const [id = ''] = rig.runs();
    expect(Buffer.byteLength(id)).toBeLessThan(240);
    const [link = ''] = readdirSync(rig.path('runs/latest'));
    expect(readFileSync(rig.path('runs/latest', link, 'outputs/a/o'), 'utf8')).toBe('word\n');
    expect(readdirSync(rig.folder).filter((each) => each.startsWith('runs'))).toEqual(['runs']);
    expect((await rig.flow(['logs', 'a', '--run', name])).code).toBe(0);
  });

  it('that differs in a sign only has a link of its own', async () => {
    for (const name of ['a/b', 'a b', 'a_b']) {
      write(name);
      await run();
    }
    const links = readdirSync(rig.path('runs/latest'));
    expect(new Set(links.map((link) => readlinkSync(rig.path('runs/latest', link)))).size).toBe(3);
  });

  it('of a task of 300 characters, or of values that differ in a sign only, has its log and its results', async () => {
    rig.write(
      'e.yaml',
      `name: e\nstages:\n  a: { uses: shell, matrix: { s: ["${long}", "${long}y", p/q, p q] }, with: { command: 'echo ".\${matrix.s}" | tee "$o"', outputs: { o: o } } }\n`,
    );
    const ended = await run();
    expect(Object.values(outcomes(ended))).toEqual(['done', 'done', 'done', 'done']);
    const id = rig.runs()[0] ?? '';
    const tasks = Object.keys(outcomes(ended));
    for (const task of tasks) {
      const value = task.slice(task.indexOf('=') + 1, -1).replace('p_q', 'p q');
      expect((await rig.flow(['logs', task])).stdout).toContain(`.${value}\n`);
    }
    expect(readdirSync(rig.path('runs', id, 'logs'))).toHaveLength(4);
    const results = readdirSync(rig.path('runs', id, 'outputs')).map((each) =>
      rig.read(`runs/${id}/outputs/${each}/o`),
    );
    expect(new Set(results).size).toBe(4);
  });

  it('of a run from the time when file names had no digest leads to its log', async () => {
    rig.write(
      'e.yaml',
      `name: e\nstages: { a: { uses: shell, matrix: { s: [p/q] }, with: { command: 'echo here > "$o"; cat "$o"', outputs: { o: o } } } }\n`,
    );
    const [task = ''] = Object.keys(outcomes(await run()));
    const logs = rig.path('runs', rig.runs()[0] ?? '', 'logs');
    const [file = ''] = readdirSync(logs);
    writeFileSync(`${logs}/a[s=p_q].log`, 'as it was\n');
    rmSync(`${logs}/${file}`);
    expect((await rig.flow(['logs', task])).stdout).toBe('as it was\n');
  });

  it('that a folder of the user has taken in runs/latest costs a run its link, and nothing else', async () => {
    write('e');
    mkdirSync(rig.path('runs/latest/e/mine'), { recursive: true });
    const ended = await run();
    expect(ended.code).toBe(0);
    expect(existsSync(rig.path('runs/latest/e/mine'))).toBe(true);
    expect(readdirSync(rig.path('runs/latest'))).toEqual(['e']);
    expect(ended.stderr).toMatch(/^warning: .*runs\/latest\/e does not lead to this run: EISDIR/);
  });
});

describe('a log of 700 MiB', () => {
  // A file with a hole: no more than its end is on the disk.
  const flood = 'truncate -s 700M /proc/self/fd/1';

  it('of a task that fails is shown by its end', async () => {
    write('flood', 'a', `${flood}; echo the end; exit 3`);
    const ended = await rig.flow(['run', 'e.yaml']);
    expect(ended.code).toBe(1);
    expect(ended.stdout).toMatch(/\| .*the end$/m);
  });

  it('is printed as JSON in pieces', { timeout: 240_000 }, async () => {
    write('flood', 'a', `${flood}; echo the end; echo > "$o"`);
    expect((await run()).code).toBe(0);
    const child = spawn('sh', ['-c', '"$0" "$1" logs a --json | tail -c 20', process.execPath, flowCommand], {
      cwd: rig.folder,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let end = '';
    child.stdout.on('data', (text: Buffer) => (end += text.toString()));
    await new Promise((resolve) => child.on('close', resolve));
    expect(end).toContain('the end\\n"}');
  });
});

describe('a clock that was set back', () => {
  const preload = pathToFileURL(new URL('../fixtures/preload/shift-clock.mjs', import.meta.url).pathname).href;
  const shifted = (ms: number, ...args: string[]): Promise<Ended> =>
    rig.flow(args, { SHIFT_CLOCK_MS: String(ms), NODE_OPTIONS: `--import=${preload}` });

  it('does not make an earlier run the last one', async () => {
    write('e', 'a', 'echo future > "$o"; cat "$o"');
    expect((await shifted(3_600_000, 'run', 'e.yaml')).code).toBe(0);
    write('e', 'a', 'echo now > "$o"; cat "$o"');
    expect((await run()).code).toBe(0);
    expect((await rig.flow(['logs', 'a'])).stdout).toContain('now');
    expect((await rig.flow(['logs', 'a', '--run', 'e'])).stdout).toContain('now');
    expect((await rig.flow(['status'])).stdout).not.toContain(rig.runs()[0]);
    write('e', 'a', 'echo next > "$o"');
    expect((await rig.flow(['why', 'e.yaml', 'a'])).stdout).toContain('"echo now');
  });

  it('or far ahead, does not empty the cache', async () => {
    write('e');
    await run();
    write('e', 'a', 'echo other > "$o"');
    rmSync(rig.path('runs/cache/.collected'), { force: true });
    expect((await shifted(400 * 24 * 3_600_000, 'run', 'e.yaml')).code).toBe(0);
    expect(rig.entries()).toHaveLength(2);
  });
});

describe('a run that was imported', () => {
  it('comes before those of this workspace', async () => {
    write('e', 'a', 'echo first > "$o"; cat "$o"');
    await run();
    const [id = ''] = rig.runs();
    expect((await rig.flow(['export', id, 'exported'])).code).toBe(0);
    expect((await rig.flow(['rm', id])).code).toBe(0);
    // Another second, so that the next run has another id.
    await setTimeout(1100);
    write('e', 'a', 'echo second > "$o"; cat "$o"');
    await run();
    expect((await rig.flow(['import', 'exported'])).code).toBe(0);
    expect((await rig.flow(['logs', 'a'])).stdout).toContain('second');
    expect((await rig.flow(['runs'])).stdout.match(/-e\b/g)).toHaveLength(2);
  });
});

describe('rerun', () => {
  it('understands the run of a part of an experiment, and what repeat has recorded', async () => {
    rig.write(
      'e.yaml',
      'name: e\nstages:\n' +
        ['a', 'b', 'c']
          .map((name) => `  ${name}: { uses: shell, with: { command: 'echo ${name} > "$o"', outputs: { o: o } } }\n`)
          .join(''),
    );
    expect(outcomes(await run('b'))).toEqual({ b: 'done' });
    expect(outcomes(await rig.flow(['rerun', 'e', '--json']))).toEqual({ b: 'cached' });
    expect((await rig.flow(['repeat', 'e.yaml', 'c'])).code).toBe(0);
    expect(outcomes(await rig.flow(['rerun', 'e', '--json']))).toEqual({ c: 'cached' });
  });
});

describe('a database that another program holds', () => {
  it('for longer than a run waits costs the record nothing', { timeout: 240_000 }, async () => {
    write('e');
    await run();
    const holder = spawn('python3', [
      '-c',
      `import sqlite3,time\nc=sqlite3.connect(${JSON.stringify(rig.path('runs/flow.db'))}); c.execute("begin immediate"); open(${JSON.stringify(rig.path('held'))}, "w").close(); time.sleep(40)`,
    ]);
    await until(() => existsSync(rig.path('held')), 'the database is held');
    const ended = await run('--force', 'a');
    expect(ended.code).toBe(0);
    expect(outcomes(ended)).toEqual({ a: 'done' });
    holder.kill();
    expect((await rig.flow(['db', 'check'])).code).toBe(0);
    expect((await rig.flow(['runs'])).stdout.match(/done/g)).toHaveLength(2);
  });
});

describe('what differs from the commit', () => {
  const git = (...args: string[]): Buffer =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], { cwd: rig.folder });

  it('is asked of the repository of the workspace, whatever GIT_DIR says, and starts no program', async () => {
    write('e');
    rig.write('.gitattributes', '*.dat diff=mine\n');
    rig.write('x.dat', '1\n');
    rig.write('.gitignore', 'runs\ncontrol\nstages\ntouched\n');
    git('init', '-q');
    git('config', 'diff.mine.textconv', 'touch touched; cat');
    git('add', '-A');
    git('commit', '-qm', 'first');
    rig.write('x.dat', '2\n');
    rig.write('new\nname', '');
    expect((await rig.flow(['run', 'e.yaml'], { GIT_DIR: '/nowhere', GIT_WORK_TREE: '/' })).code).toBe(0);
    const diff = rig.read(`runs/${rig.runs()[0] ?? ''}/git.diff`);
    expect(diff).toContain('+2\n');
    expect(diff).toContain('# not in git: "new\\nname"\n');
    expect(existsSync(rig.path('touched'))).toBe(false);
  });

  it('if git cannot tell, its words are no name of a file', async () => {
    write('e');
    git('init', '-q');
    rig.write('.git/HEAD', `${'0'.repeat(40)}\n`);
    expect((await run()).code).toBe(0);
    const diff = rig.read(`runs/${rig.runs()[0] ?? ''}/git.diff`);
    expect(diff).toMatch(/^# git ended with 128: /m);
    expect(diff).not.toContain('not in git: # git');
  });
});

describe('a task that waits', () => {
  it('for another run says so on calm lines', async () => {
    const [ready, go] = [`${rig.control}/ready`, `${rig.control}/go`];
    write('e', 'a', `echo > ${ready}; until [ -e ${go} ]; do sleep 0.1; done; echo > "$o"`);
    const first = rig.start(['run', 'e.yaml']);
    await until(() => existsSync(ready));
    const waiting = rig.start(['run', 'e.yaml']);
    let shown = '';
    waiting.process.stdout?.on('data', (text: string) => (shown += text));
    await until(() => shown.includes('a: waits'));
    writeFileSync(go, '');
    const second = await waiting.ended;
    expect(second.stdout).toMatch(/a: waits, run [\w-]+ computes the same right now/);
    expect((await first.ended).code).toBe(0);
  });

  it('for its next attempt too', async () => {
    rig.write(
      'e.yaml',
      'name: e\nstages: { a: { uses: shell, retries: { times: 1, wait: 10 ms }, with: { command: exit 3, outputs: { o: o } } } }\n',
    );
    expect((await rig.flow(['run', 'e.yaml'])).stdout).toContain('a: waits, failed; tried again (1 of 1) in 10 ms');
  });
});

describe('the command', () => {
  it('helps with a command as the command does', async () => {
    for (const name of ['run', 'logs', 'cache']) {
      const [asked, own] = [await rig.flow(['help', name]), await rig.flow([name, '--help'])];
      expect(asked.stdout).toBe(own.stdout);
      expect(asked.code).toBe(0);
    }
  });

  it('in a folder that is gone says so', () => {
    mkdirSync(rig.path('gone'));
    const script = `cd gone && rmdir ../gone && ${process.execPath} ${flowCommand} runs`;
    const child = spawnSync('sh', ['-c', script], {
      cwd: rig.folder,
      encoding: 'utf8',
      env: { ...process.env, NO_COLOR: '1' },
    });
    expect(child.stderr).toBe(
      'no-working-folder: the folder that this was called in cannot be found any more (ENOENT)\n' +
        '  Enter a folder that is there: cd.\n',
    );
    expect(child.status).toBe(2);
  });
});
