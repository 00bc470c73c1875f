import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { events, flowCommand, isAlive, outcomes, Rig, until, type Ended } from './rig.ts';

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
});

afterEach(async () => {
  await rig.dispose();
});

function attempts(ended: Ended): unknown[] {
  return events(ended)
    .filter((event) => event.type === 'attempt-ended')
    .map((event) => event['result']);
}

function canMake(folder: string, file: string): boolean {
  const own = join(folder, `flow-test-${process.pid}`);
  try {
    mkdirSync(own);
  } catch {
    return false;
  }
  const isGroup = existsSync(join(own, file));
  rmdirSync(own);
  return isGroup;
}

function shell(settings: string): void {
  rig.write('shell.yaml', `name: shell\nsummary: a test\nstages:\n  task:\n    uses: shell\n${settings}`);
}

describe('a command', () => {
  it('gets its ports as variables, and its outputs are cached', async () => {
    rig.write('words.txt', 'one two\nthree\n');
    shell(
      '    with:\n      command: wc -w < "$words" > "$count"; cp "$words" "$copy"\n' +
        '      inputs: { words: words.txt }\n      outputs: { count: count.txt, copy: copy.txt }\n',
    );
    const first = await rig.flow(['run', 'shell.yaml', '--json']);
    expect(outcomes(first)).toEqual({ task: 'done' });
    expect(rig.read('runs/latest/shell/outputs/task/count.txt').trim()).toBe('3');
    expect(outcomes(await rig.flow(['run', 'shell.yaml', '--json']))).toEqual({ task: 'cached' });
    rig.write('words.txt', 'one\n');
    expect(outcomes(await rig.flow(['run', 'shell.yaml', '--json']))).toEqual({ task: 'done' });
    expect(rig.read('runs/latest/shell/outputs/task/count.txt').trim()).toBe('1');
  });

  it('is started by the runner itself: no Node process is its parent but the runner', async () => {
    shell(
      '    with:\n      command: cat /proc/$PPID/cmdline | tr "\\\\0" " " > "$parent"\n      outputs: { parent: parent.txt }\n',
    );
    const ended = await rig.flow(['run', 'shell.yaml', '--json']);
    expect(ended.code).toBe(0);
    expect(rig.read('runs/latest/shell/outputs/task/parent.txt')).toContain('flow.js run shell.yaml');
  });

  it('fails with its exit code, stops at the first command that fails, and shows what was printed', async () => {
    shell(
      '    with:\n      command: |\n        echo before\n        sh -c "exit 3"\n        echo after\n      outputs: { out: out.txt }\n',
    );
    const ended = await rig.flow(['run', 'shell.yaml', '--json']);
    expect(ended.code).toBe(1);
    expect(attempts(ended)).toMatchObject([
      { outcome: 'failed', failures: [{ code: 'command-failed', message: 'the command ended with exit code 3' }] },
    ]);
    const printed = events(ended).flatMap((event) => (event.type === 'task-output' ? [event['text']] : []));
    expect(printed).toEqual(['before\n']);
  });

  it('ends with everything it has started when the runner is killed', async () => {
    shell(
      `    with:\n      command: sleep 1000 & echo $! > ${rig.control}/child; echo $$ > ${rig.control}/leader; wait\n      outputs: { out: out.txt }\n`,
    );
    const running = rig.start(['run', 'shell.yaml']);
    await until(() => existsSync(`${rig.control}/leader`) && readFileSync(`${rig.control}/leader`, 'utf8') !== '');
    const pids = ['leader', 'child'].map((name) => Number(readFileSync(`${rig.control}/${name}`, 'utf8')));
    expect(pids.map(isAlive)).toEqual([true, true]);
    running.process.kill('SIGKILL');
    await until(() => !pids.some(isAlive));
  });

  it('that does not listen ends with a runner that is killed while it waits for it', async () => {
    shell(
      `    with:\n      command: trap "" TERM; echo $$ > ${rig.control}/leader; while true; do sleep 0.1; done\n      outputs: { out: out.txt }\n`,
    );
    const running = rig.start(['run', 'shell.yaml']);
    await until(() => existsSync(`${rig.control}/leader`) && readFileSync(`${rig.control}/leader`, 'utf8') !== '');
    const leader = Number(readFileSync(`${rig.control}/leader`, 'utf8'));
    running.process.kill('SIGTERM');
    await until(() => rig.eventsSoFar().includes('stopping: running tasks'));
    expect(isAlive(leader)).toBe(true);
    running.process.kill('SIGKILL');
    await until(() => !isAlive(leader));
  });

  it.each([1, 2, 3, 4, 5])(
    'asked to end in its first moment ends with a runner that is killed later: try %d',
    async () => {
      shell(
        `    with:\n      command: trap "" TERM; kill -TERM 0; echo $$ > ${rig.control}/leader; while true; do sleep 0.1; done\n      outputs: { out: out.txt }\n`,
      );
      const running = rig.start(['run', 'shell.yaml']);
      await until(() => existsSync(`${rig.control}/leader`) && readFileSync(`${rig.control}/leader`, 'utf8') !== '');
      const leader = Number(readFileSync(`${rig.control}/leader`, 'utf8'));
      running.process.kill('SIGKILL');
      await until(() => !isAlive(leader));
    },
  );

  it('reruns when the version of its program changes', async () => {
    const settings = (version: string): string =>
      `    with:\n      command: echo done > "$out"\n      version: echo ${version}\n      outputs: { out: out.txt }\n`;
    shell(settings('program 1.0'));
    await rig.flow(['run', 'shell.yaml']);
    shell(settings('program 1.0'));
    expect(outcomes(await rig.flow(['run', 'shell.yaml', '--json']))).toEqual({ task: 'cached' });
    shell(settings('program 1.1'));
    const planned = await rig.flow(['plan', 'shell.yaml']);
    expect(planned.stdout).toContain('program 1.0');
    expect(outcomes(await rig.flow(['run', 'shell.yaml', '--json']))).toEqual({ task: 'done' });
  });

  it('gets secrets, which stand in no file of the run and no table of the database', async () => {
    const secret = 'correct-horse-battery';
    shell(
      `    env: { TOKEN: "\${secret.REAL_TOKEN}" }\n    with:\n      command: echo "first $TOKEN"; echo "second $TOKEN"; exit 4\n      outputs: { out: out.txt }\n`,
    );
    rig.write('untracked.txt', '');
    rig.write('notes.txt', 'a note\n');
    execFileSync(
      'sh',
      ['-c', 'git init -q . && git add notes.txt && git -c user.email=a@b -c user.name=n commit -qm x'],
      {
        cwd: rig.folder,
      },
    );
    appendFileSync(rig.path('notes.txt'), `the token is ${secret}\n`);
    const ended = await rig.flow(['run', 'shell.yaml'], { REAL_TOKEN: secret });
    expect(ended.stdout).toContain('  | first (secret)\n  | second (secret)\n');
    const shown = await rig.flow(['show', '--json']);
    const { gitDiff, attempts: recorded } = JSON.parse(shown.stdout) as { gitDiff: string; attempts: object[] };
    expect(recorded).toMatchObject([{ cpus: 1, gpus: '[]' }]);
    expect(readFileSync(gitDiff, 'utf8')).toMatch(/^# not in git: untracked.txt$[^]*^\+the token is \(secret\)$/m);
    const found = spawnSync('grep', ['-r', '-l', secret, rig.path('runs')], { encoding: 'utf8' });
    expect(found.stdout).toBe('');
  });

  it.each(['shell', 'scripted'])(
    'gets secrets, which a log never holds: a %s task at the kill of its runner',
    async (uses) => {
      const secret = 'correct-horse-battery';
      if (uses === 'shell') {
        const command = 'printf "begun $TOKEN and corr"; echo > printed; sleep 1000';
        shell(
          `    env: { TOKEN: "\${secret.REAL_TOKEN}" }\n    with:\n      command: '${command}'\n      outputs: { out: o }\n`,
        );
      } else {
        rig.chain({ a: [] }, { a: 'waits: true' });
        const code = rig.read('stages/scripted/run.js').replace('working on', '${process.env.TOKEN} working on');
        rig.write('stages/scripted/run.js', code);
        const text = rig.read('chain.yaml').replace('name: chain', 'name: shell');
        rig.write('shell.yaml', `${text}    env: { TOKEN: "\${secret.REAL_TOKEN}" }\n`);
      }
      const running = rig.start(['run', 'shell.yaml'], { REAL_TOKEN: secret });
      const log = uses === 'shell' ? 'task.log' : 'a.log';
      const printed = (): string => {
        const file = rig.path('runs', rig.runs()[0] ?? '', 'logs', log);
        return existsSync(file) ? readFileSync(file, 'utf8') : '';
      };
      await until(() => printed().includes('(secret)'));
      running.process.kill('SIGKILL');
      await running.ended;
      expect(printed()).toMatch(uses === 'shell' ? /\nbegun \(secret\) and $/ : /\n\(secret\) working on a\n$/);
      expect(spawnSync('grep', ['-r', '-l', secret, rig.path('runs')], { encoding: 'utf8' }).stdout).toBe('');
    },
  );

  it('is given the processors that --cpus leaves, also where it asks for all', async () => {
    shell('    resources: { cpus: all }\n    with:\n      command: echo > "$out"\n      outputs: { out: o }\n');
    const one = events(await rig.flow(['run', 'shell.yaml', '--json', '--cpus', '1']));
    expect(one.find(({ type }) => type === 'task-started')).toMatchObject({ cpus: 1 });
    const all = events(await rig.flow(['run', 'shell.yaml', '--json', '--force', 'task', '--jobs', '1']));
    expect(all.find(({ type }) => type === 'task-started')).toMatchObject({ cpus: availableParallelism() });
  });

  it('finds declared variables in its environment, and no others of ours', async () => {
    shell('    env: { GREETING: hello }\n    with:\n      command: env > "$out"\n      outputs: { out: out.txt }\n');
    await rig.flow(['run', 'shell.yaml'], { SECRET_OF_MINE: 'x', CUDA_VISIBLE_DEVICES: '0,1' });
    const lines = rig.read('runs/latest/shell/outputs/task/out.txt').split('\n');
    expect(lines).toContain('GREETING=hello');
    expect(lines).toContain('CUDA_VISIBLE_DEVICES=');
    expect(lines.filter((line) => line.startsWith('SECRET'))).toEqual([]);
  });
});

describe('graphics processors', () => {
  it('are handed out by id, each to one task at a time', async () => {
    const stage = (name: string, gpus: number): string =>
      `  ${name}:\n    uses: shell\n    resources: { gpus: ${gpus} }\n    with:\n      command: echo "$CUDA_VISIBLE_DEVICES" > "$out"; echo "+$CUDA_VISIBLE_DEVICES" >> ${rig.control}/log; sleep 0.3; echo "-$CUDA_VISIBLE_DEVICES" >> ${rig.control}/log\n      outputs: { out: ${name}.txt }\n`;
    rig.write(
      'gpus.yaml',
      `name: gpus\nsummary: a test\nstages:\n${stage('one', 1)}${stage('two', 1)}${stage('three', 1)}${stage('all', 4)}`,
    );
    const ended = await rig.flow(['run', 'gpus.yaml', '--json', '--jobs', '4'], { CUDA_VISIBLE_DEVICES: '5,7' });
    expect(ended.code).toBe(0);
    const warnings = events(ended).flatMap((event) => (event.type === 'notice' ? [event['message']] : []));
    expect(warnings).toEqual(['stage all runs with less than it asks for: 2 of 4 GPUs']);
    expect(rig.read('runs/latest/gpus/outputs/all/all.txt')).toMatch(/^(5,7|7,5)\n$/);
    const held = new Set<string>();
    for (const line of readFileSync(`${rig.control}/log`, 'utf8').trim().split('\n')) {
      for (const id of line.slice(1).split(',')) {
        expect(['5', '7']).toContain(id);
        expect(held.has(id)).toBe(line.startsWith('-'));
        if (line.startsWith('+')) held.add(id);
        else held.delete(id);
      }
    }
  });
});

describe('a task that fails', () => {
  it('is tried again, each time after a longer wait, and the last attempt counts', async () => {
    shell(
      `    retries: { times: 3, wait: 100 ms }\n    with:\n      command: echo x >> ${rig.control}/tries; test "$(wc -l < ${rig.control}/tries)" -ge 3; echo ok > "$out"\n      outputs: { out: out.txt }\n`,
    );
    const ended = await rig.flow(['run', 'shell.yaml', '--json']);
    expect(ended.code).toBe(0);
    expect(attempts(ended)).toMatchObject([{ outcome: 'failed' }, { outcome: 'failed' }, { outcome: 'done' }]);
    const waits = events(ended).flatMap((event) => (event.type === 'task-waiting' ? [event['because']] : []));
    expect(waits).toEqual(['failed; tried again (1 of 3) in 100 ms', 'failed; tried again (2 of 3) in 200 ms']);
  });

  it('stops what runs besides under --fail-fast', async () => {
    rig.chain({ a: [], b: [] }, { a: 'waits: true', b: 'waits: true' });
    const running = rig.start(['run', 'chain.yaml', '--json', '--fail-fast', '--jobs', '2']);
    await Promise.all([rig.workerOf('a'), rig.workerOf('b')]);
    rig.order('a', 'fail');
    const ended = await running.ended;
    expect(ended.code).toBe(1);
    expect(outcomes(ended)).toEqual({ a: 'failed', b: 'interrupted' });
    expect(attempts(ended)).toContainEqual({ outcome: 'interrupted' });
  });

  it('leaves alone what runs besides without --fail-fast', async () => {
    rig.chain({ a: [], b: [], c: ['b'] }, { a: 'waits: true', b: 'waits: true' });
    const running = rig.start(['run', 'chain.yaml', '--json', '--jobs', '2']);
    await Promise.all([rig.workerOf('a'), rig.workerOf('b')]);
    rig.order('a', 'fail');
    await until(() => rig.eventsSoFar().includes('"type":"attempt-ended","task":"a"'));
    rig.order('b', 'finish');
    expect(outcomes(await running.ended)).toEqual({ a: 'failed', b: 'done', c: 'skipped' });
  });
});

describe('a task that takes too long', () => {
  it('is ended after its time', async () => {
    shell('    timeout: 300 ms\n    with:\n      command: sleep 1000\n      outputs: { out: out.txt }\n');
    const ended = await rig.flow(['run', 'shell.yaml', '--json']);
    expect(ended.code).toBe(1);
    expect(attempts(ended)).toEqual([{ outcome: 'timed-out', afterMs: 300 }]);
  });

  it('is ended when it shows no sign of life, and not while it prints', async () => {
    shell(
      '    timeout: { silent: 4 s }\n    with:\n      command: for i in $(seq 50); do sleep 0.1; echo $i; done; sleep 1000\n      outputs: { out: out.txt }\n',
    );
    const ended = await rig.flow(['run', 'shell.yaml', '--json']);
    expect(attempts(ended)).toEqual([{ outcome: 'timed-out', afterMs: 4000 }]);
    const end = events(ended).find((event) => event.type === 'attempt-ended');
    expect(end?.['durationMs']).toBeGreaterThan(5000 + 3900);
  });
});

describe('a lack of memory', () => {
  // Control groups of version 1 or 2, where this user may make them.
  const group = ['/sys/fs/cgroup/memory', '/sys/fs/cgroup'].find((folder) =>
    ['memory.limit_in_bytes', 'memory.max'].some((name) => canMake(folder, name)),
  );

  it.skipIf(group === undefined)('is recognised when the kernel kills (needs a control group of its own)', () => {
    shell('    with: { command: "python3 -c \'bytearray(1 << 30)\' > $out", outputs: { out: out.txt } }\n');
    const folder = join(group ?? '', `flow-test-${process.pid}`);
    mkdirSync(folder, { recursive: true });
    try {
      const limit = existsSync(join(folder, 'memory.max')) ? 'memory.max' : 'memory.limit_in_bytes';
      writeFileSync(join(folder, limit), String(300 << 20));
      const script = `echo $$ > ${folder}/cgroup.procs; exec node ${flowCommand} run shell.yaml --json`;
      const { stdout, status } = spawnSync('sh', ['-c', script], { cwd: rig.folder, encoding: 'utf8' });
      expect(status).toBe(1);
      expect(stdout).toContain('"result":{"outcome":"out-of-memory"}');
    } finally {
      rmdirSync(folder);
    }
  });

  it('is recognised by the last lines of a process', async () => {
    shell(
      '    with:\n      command: echo "FATAL ERROR Reached heap limit Allocation failed - JavaScript heap out of memory"; kill -ABRT $$\n      outputs: { out: out.txt }\n',
    );
    expect(attempts(await rig.flow(['run', 'shell.yaml', '--json']))).toEqual([{ outcome: 'out-of-memory' }]);
  });
});

describe('a selection', () => {
  beforeEach(() => {
    rig.chain({ a: [], b: ['a'], c: ['b'], d: ['c'], x: ['a'] });
  });

  const names = async (...args: string[]): Promise<Record<string, string>> =>
    outcomes(await rig.flow(['run', 'chain.yaml', '--json', ...args]));

  it('by name runs a task and all it needs', async () => {
    expect(await names('b')).toEqual({ a: 'done', b: 'done' });
  });

  it('of a range runs what is between, on results that are there', async () => {
    const missing = await rig.flow(['run', 'chain.yaml', 'b..c']);
    expect(missing.code).toBe(2);
    expect(missing.stderr).toContain('a is not selected, and its result is not in the cache');
    await names('a');
    expect(await names('b..c')).toEqual({ a: 'cached', b: 'done', c: 'done' });
  });

  it('by --from, --until and --only', async () => {
    expect(await names('--until', 'c')).toEqual({ a: 'done', b: 'done', c: 'done' });
    expect(await names('--only', 'x')).toEqual({ a: 'cached', x: 'done' });
    expect(await names('--from', 'c')).toEqual({ a: 'cached', b: 'cached', c: 'cached', d: 'done' });
  });

  it('by --force runs what is known, and what follows only if its outputs differ', async () => {
    await names();
    expect(await names('--force', 'b')).toEqual({ a: 'cached', b: 'done', c: 'cached', d: 'cached', x: 'cached' });
    expect(rig.starts('b')).toBe(2);
  });

  it('names what is close to a wrong name', async () => {
    rig.chain({ verify: [] });
    const ended = await rig.flow(['run', 'chain.yaml', '--only', 'verfy']);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain('has no task "verfy" (did you mean "verify"?)');
  });

  it('is shown and not run by --dry-run', async () => {
    const ended = await rig.flow(['run', 'chain.yaml', '--dry-run', 'b']);
    expect(ended.code).toBe(0);
    expect(ended.stdout).toContain('2 tasks, 0 cached, 1 to run');
    expect(rig.notes()).toEqual([]);
    expect(existsSync(rig.path('runs/latest'))).toBe(false);
  });
});

describe('a stage', () => {
  it('begins when nothing runs any more that its killed attempt has started, in whatever session', async () => {
    rig.chain({ a: [] });
    rig.write(
      'stages/scripted/run.js',
      `import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
const place = (name) => ${JSON.stringify(rig.control)} + '/' + name;
export async function run({ outputs }) {
  if (existsSync(place('pids'))) {
    const [, child] = readFileSync(place('pids'), 'utf8').split(' ').map(Number);
    // What has ended is there until its parent, or the system, has taken note.
    const runs = existsSync('/proc/' + child) && !readFileSync('/proc/' + child + '/stat', 'utf8').includes(') Z ');
    writeFileSync(outputs.out, runs ? 'runs' : 'is gone');
    mkdirSync(outputs.folder);
    return;
  }
  // A session of its own.
  const child = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' });
  writeFileSync(place('pids'), process.pid + ' ' + child.pid);
  await new Promise((resolve) => setTimeout(resolve, 1_000_000));
}
`,
    );
    const running = rig.start(['run', 'chain.yaml']);
    const pids = (): number[] => {
      const file = join(rig.control, 'pids');
      return existsSync(file) ? readFileSync(file, 'utf8').split(' ').map(Number) : [];
    };
    await until(() => pids().length === 2, 'the stage waits');
    const [worker = 0, child = 0] = pids();
    running.process.kill('SIGKILL');
    process.kill(-worker, 'SIGKILL');
    await running.ended;
    expect(isAlive(child)).toBe(true);
    expect(outcomes(await rig.flow(['run', 'chain.yaml', '--json']))).toEqual({ a: 'done' });
    expect(rig.read('runs/latest/chain/outputs/a/out.txt')).toBe('is gone');
  });
});
