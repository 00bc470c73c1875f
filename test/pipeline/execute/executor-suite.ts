import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { processStat } from '../../../src/core/process-facts.ts';
import type { Executor, Launch, ProcessExit } from '../../../src/pipeline/execute/executor.ts';
import type { StageEvent } from '../../../src/stage-api/stage.ts';

/** A stage that does what its parameters say. */
const stage = `
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';

const still = () => new Promise(() => setInterval(() => {}, 1000));

export async function run({ params, outputs, emit, signal }) {
  console.log('working on ' + params.text);
  emit({ type: 'metric', name: 'first', value: 1, step: 1 });
  emit({ type: 'log', level: 'info', message: 'hello' });
  emit({ type: 'metric', name: 'last', value: 2 });
  writeFileSync(outputs.out, params.text);
  if (params.leaves !== undefined) writeFileSync(params.leaves, String(spawn('sleep', ['1000']).pid));
  if (params.does === 'throw') throw new Error('the stage is at its end');
  if (params.does === 'crash') process.exit(3);
  if (params.does === 'end at the request') await new Promise((resolve) => signal.addEventListener('abort', resolve));
  if (params.does === 'go on') await still();
  if (params.does === 'print a secret') {
    process.stdout.write('before correct-');
    await new Promise((resolve) => setTimeout(resolve, 300));
    process.stdout.write('horse after\\n');
  }
}
`;

interface Asked {
  readonly name?: string;
  readonly command?: string;
  readonly params?: Readonly<Record<string, string>>;
  readonly secrets?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly onStarted?: (id: string) => void;
}

/** What every executor has to do. `make` is given a folder of its own. */
export function executorSuite(name: string, make: (folder: string) => Executor): void {
  let folder: string;
  let executor: Executor;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'executor-'));
    executor = make(join(folder, 'executor'));
  });

  afterEach(async () => {
    await executor.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  function launchOf(asked: Asked): { launch: Launch; events: StageEvent[]; log: () => string; started: string[] } {
    const place = join(folder, asked.name ?? 'task');
    const [scratch, outputs] = [join(place, 'scratch'), join(place, 'outputs')];
    for (const each of [scratch, outputs]) mkdirSync(each, { recursive: true });
    writeFileSync(join(place, 'run.mjs'), stage);
    const logFile = join(place, 'log');
    writeFileSync(logFile, '--- attempt 1\n');
    const events: StageEvent[] = [];
    const started: string[] = [];
    const launch: Launch = {
      job: {
        entry: join(place, 'run.mjs'),
        params: { text: asked.name ?? 'task', ...asked.params },
        inputs: {},
        outputs: { out: join(outputs, 'out') },
        scratch,
        checkpointFile: join(place, 'checkpoint'),
        seed: 0,
        engine: { name: 'cpu', version: 'none' },
        cpus: 1,
        logFile,
        isWarm: false,
      },
      command:
        asked.command === undefined
          ? undefined
          : { text: asked.command, shell: 'sh', unseen: { variables: [], gpus: 0 } },
      eventsFile: join(place, 'events'),
      environment: { PATH: '/usr/bin:/bin', out: join(outputs, 'out'), ...asked.environment },
      workingFolder: scratch,
      secrets: asked.secrets ?? [],
      code: undefined,
      onStarted: (id) => {
        started.push(id);
        asked.onStarted?.(id);
      },
      onEvent: (event) => {
        events.push(event);
      },
    };
    return { launch, events, log: () => readFileSync(logFile, 'utf8'), started };
  }

  async function run(asked: Asked): Promise<{ exit: ProcessExit; events: StageEvent[]; log: string }> {
    const { launch, events, log } = launchOf(asked);
    const handle = await executor.start(launch);
    return { exit: await handle.end, events, log: log() };
  }

  const out = (task = 'task'): string => readFileSync(join(folder, task, 'outputs', 'out'), 'utf8');

  describe(`${name}: a command`, () => {
    it('finds its environment and its folder, and what it prints is added to the log', async () => {
      const command = 'echo "$WORD from $(pwd)"; echo aside >&2; echo "$WORD" > "$out"';
      const { exit, log } = await run({ command, environment: { WORD: 'hello' } });
      expect(exit.outcome).toBe('done');
      expect(log.split('\n').sort()).toEqual(
        ['--- attempt 1', `hello from ${join(folder, 'task', 'scratch')}`, 'aside', ''].sort(),
      );
      expect(out()).toBe('hello\n');
    });

    it('fails with its exit code, at the first line that fails', async () => {
      const { exit, log } = await run({ command: 'echo before\nsh -c "exit 3"\necho after' });
      expect(exit).toMatchObject({
        outcome: 'failed',
        failures: [{ code: 'command-failed', message: 'the command ended with exit code 3' }],
      });
      expect(log).toBe('--- attempt 1\nbefore\n');
    });

    it('that runs out of memory is told from one that fails', async () => {
      const command = 'echo "FATAL ERROR: Allocation failed - JavaScript heap out of memory"; kill -ABRT $$';
      expect((await run({ command })).exit.outcome).toBe('out-of-memory');
    });

    it('leaves nothing running in the background', async () => {
      const { exit } = await run({ command: 'sleep 1000 & echo $! > "$out"' });
      expect(exit.outcome).toBe('done');
      await until(() => !isAlive(Number(out())));
    });
  });

  describe(`${name}: a job`, () => {
    it('emits its events in order and before its end, and prints to the log', async () => {
      const { exit, events, log } = await run({});
      expect(exit.outcome).toBe('done');
      expect(exit.usage?.peakMemoryBytes).toBeGreaterThan(0);
      expect(events.map((event) => (event.type === 'metric' ? event.name : event.type))).toEqual([
        'first',
        'log',
        'last',
      ]);
      expect(log).toBe('--- attempt 1\nworking on task\ninfo: hello\n');
      expect(out()).toBe('task');
    });

    it('that throws fails, and the stack is in the log', async () => {
      const { exit, log } = await run({ params: { does: 'throw' } });
      expect(exit).toMatchObject({ outcome: 'failed', failures: [{ code: 'stage-threw' }] });
      expect(log).toContain('Error: the stage is at its end\n    at run');
    });

    it('whose worker is lost has crashed, with the events until then', async () => {
      const { exit, events } = await run({ params: { does: 'crash' } });
      expect(exit.outcome).toBe('crashed');
      expect(events).toHaveLength(3);
    });

    it('leaves nothing running in the background', async () => {
      const leaves = join(folder, 'child');
      const { exit } = await run({ params: { leaves } });
      expect(exit.outcome).toBe('done');
      await until(() => !isAlive(Number(readFileSync(leaves, 'utf8'))));
    });
  });

  describe(`${name}: stopping`, () => {
    it('lets a job end in order when it is asked to', async () => {
      const { launch, events } = launchOf({ params: { does: 'end at the request' } });
      const handle = await executor.start(launch);
      await until(() => events.length === 3);
      handle.terminate();
      expect((await handle.end).outcome).toBe('interrupted');
    });

    it('may be asked for before the task has begun', async () => {
      const handle = await executor.start(launchOf({ command: 'sleep 1000' }).launch);
      handle.terminate();
      handle.kill();
      expect((await handle.end).outcome).not.toBe('done');
    });

    it.each<[string, Asked]>([
      ['a command', { command: `trap '' TERM; sleep 1000 & echo $! > "$out"; wait; sleep 1000` }],
      ['a job', { params: { does: 'go on' } }],
    ])('ends %s that does not listen, and everything it has started', async (_, asked) => {
      const leaves = join(folder, 'child');
      const { launch } = launchOf({ ...asked, params: { ...asked.params, leaves } });
      const handle = await executor.start(launch);
      const file = asked.command === undefined ? leaves : join(folder, 'task', 'outputs', 'out');
      await until(() => existsSync(file) && readFileSync(file, 'utf8') !== '');
      handle.terminate();
      await sleep(100);
      const child = Number(readFileSync(file, 'utf8'));
      expect(isAlive(child)).toBe(true);
      handle.kill();
      expect((await handle.end).outcome).toBe('crashed');
      await until(() => !isAlive(child));
    });

    it('of a task that a runner left behind goes by its id', async () => {
      const { launch } = launchOf({ command: 'sleep 1000 & echo $! > "$out"; wait' });
      const handle = await executor.start(launch);
      const file = join(folder, 'task', 'outputs', 'out');
      await until(() => existsSync(file) && readFileSync(file, 'utf8') !== '');
      await executor.endOrphan({ id: handle.id, scratch: launch.job.scratch });
      expect((await handle.end).outcome).toBe('crashed');
      await until(() => !isAlive(Number(out())));
    });
  });

  it(`${name}: the id of a task is known before it can do anything`, async () => {
    const seen: boolean[] = [];
    const file = join(folder, 'task', 'outputs', 'out');
    const { launch, started } = launchOf({
      command: 'echo > "$out"',
      onStarted: () => {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
        seen.push(existsSync(file));
      },
    });
    const handle = await executor.start(launch);
    expect(started).toEqual([handle.id]);
    expect((await handle.end).outcome).toBe('done');
    expect(seen).toEqual([false]);
  });

  it.each<[string, Asked]>([
    ['command', { command: 'printf "before correct-"; sleep 0.3; echo "horse after"' }],
    ['job', { params: { does: 'print a secret' } }],
  ])(`${name}: a secret that a %s prints is never in the log`, async (_, asked) => {
    const { launch, log } = launchOf({ ...asked, secrets: ['correct-horse'] });
    const handle = await executor.start(launch);
    const seen: string[] = [];
    const look = setInterval(() => seen.push(log()), 20);
    await handle.end;
    clearInterval(look);
    expect(log()).toContain('before (secret) after\n');
    expect(seen.filter((text) => text.includes('correct'))).toEqual([]);
  });

  it(`${name}: tasks that run at the same time do not mix`, async () => {
    const names = ['a', 'b', 'c'];
    const results = await Promise.all(names.map((task) => run({ name: task })));
    expect(results.map(({ exit }) => exit.outcome)).toEqual(['done', 'done', 'done']);
    expect(results.map(({ events }) => events.length)).toEqual([3, 3, 3]);
    expect(results.map(({ log }) => log)).toEqual(
      names.map((task) => `--- attempt 1\nworking on ${task}\ninfo: hello\n`),
    );
    expect(names.map(out)).toEqual(names);
  });
}

async function until(condition: () => boolean, timeoutMs = 30_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`waited ${timeoutMs} ms in vain for: ${condition.toString()}`);
    await sleep(10);
  }
}

/** A zombie is not alive: its parent may be slow to ask for its status. */
function isAlive(pid: number): boolean {
  const stat = processStat(pid);
  return stat !== undefined && stat.state !== 'Z';
}
