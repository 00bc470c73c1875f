import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqlite } from '../../../src/core/sqlite.ts';
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { identify, livenessOf, thisHost } from '../../../src/core/process-facts.ts';
import { TaskLocks, type TaskLock } from '../../../src/pipeline/cache/task-locks.ts';
import { keyOf } from './sample-key.ts';

const key = keyOf('a');

const silenceMs = 200;

let folder: string;
let path: string;
const open: TaskLocks[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'locks-'));
  path = join(folder, 'locks.db');
});

afterEach(() => {
  for (const locks of open.splice(0)) locks.close();
  rmSync(folder, { recursive: true, force: true });
});

function openLocks(run: string, host = thisHost()): TaskLocks {
  const locks = new TaskLocks(path, run, { host, silenceMs });
  open.push(locks);
  return locks;
}

function acquire(locks: TaskLocks): TaskLock {
  const attempt = locks.tryAcquire(key);
  if (attempt.outcome !== 'acquired') throw new Error(`not acquired: ${attempt.outcome}`);
  return attempt.lock;
}

/** A process that has just ended: its id is free again. */
async function endedProcess(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '0']);
  await once(child, 'exit');
  return child.pid ?? 0;
}

function pretendOwner(change: string, ...values: (string | number)[]): void {
  const database = openSqlite(path);
  database.prepare(`update lock set ${change}`).run(...values);
  database.close();
}

it('is held by one at a time, and free after its release', () => {
  const first = openLocks('first');
  const second = openLocks('second');
  const lock = acquire(first);
  const held = second.tryAcquire(key);
  expect(held).toMatchObject({ outcome: 'held', owner: { run: 'first', runner: { pid: process.pid } } });
  expect(second.tryAcquire(keyOf('b')).outcome).toBe('acquired');
  lock.release();
  expect(second.tryAcquire(key).outcome).toBe('acquired');
});

it('of a process that has ended goes to the next that asks', async () => {
  const lock = acquire(openLocks('first'));
  pretendOwner('runnerPid = ?', await endedProcess());
  expect(openLocks('second').tryAcquire(key).outcome).toBe('acquired');
  expect(lock.isOurs()).toBe(false);
});

it('of a process whose id is used again by another goes to the next that asks', () => {
  acquire(openLocks('first'));
  pretendOwner('runnerStarted = ?', '1');
  expect(openLocks('second').tryAcquire(key).outcome).toBe('acquired');
});

it('of a dead runner is not given away while its worker lives', async () => {
  const worker = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  const lock = acquire(openLocks('first'));
  lock.nameWorker(String(worker.pid));
  pretendOwner('runnerPid = ?', await endedProcess());
  const second = openLocks('second');
  expect(second.tryAcquire(key)).toMatchObject({ outcome: 'orphaned', worker: { pid: worker.pid } });
  worker.kill('SIGKILL');
  await once(worker, 'exit');
  expect(second.tryAcquire(key).outcome).toBe('acquired');
});

it('of a dead runner is not given away while the job of a scheduler that it started may run', async () => {
  acquire(openLocks('first')).nameWorker('job 17');
  pretendOwner('runnerPid = ?', await endedProcess());
  const second = openLocks('second');
  const orphaned = second.tryAcquire(key);
  expect(orphaned).toMatchObject({ outcome: 'orphaned', worker: { id: 'job 17' } });
  if (orphaned.outcome === 'orphaned') second.orphanEnded(key, orphaned.worker);
  expect(second.tryAcquire(key).outcome).toBe('acquired');
});

it('of another machine is respected, also if no process has that id here', async () => {
  acquire(openLocks('first', 'machine a'));
  pretendOwner('runnerPid = ?', await endedProcess());
  const second = openLocks('second', 'machine b');
  expect(second.tryAcquire(key).outcome).toBe('held');
  expect(second.tryAcquire(key).outcome).toBe('held');
});

it('of another machine is taken over when its heartbeat stops, and not before', () => {
  const first = openLocks('first', 'machine a');
  const lock = acquire(first);
  const second = openLocks('second', 'machine b');
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  for (let count = 0; count < 6; count += 1) {
    first.heartbeat();
    expect(second.tryAcquire(key).outcome).toBe('held');
    vi.advanceTimersByTime(silenceMs * 0.9);
  }
  expect(second.tryAcquire(key).outcome).toBe('held');
  vi.advanceTimersByTime(silenceMs * 1.1);
  expect(second.tryAcquire(key)).toMatchObject({ outcome: 'acquired', isTakenOver: true });
  expect(lock.isOurs()).toBe(false);
  lock.release();
  expect(openLocks('third', 'machine b').tryAcquire(key).outcome).toBe('held');
});

it('survives the file being opened by many at once', async () => {
  const script = `
    import { TaskLocks } from ${JSON.stringify(new URL('../../../dist/src/pipeline/cache/task-locks.js', import.meta.url).href)};
    const locks = new TaskLocks(${JSON.stringify(path)}, 'child');
    let got = 0;
    for (let n = 0; n < 50; n += 1) {
      const attempt = locks.tryAcquire('key' + (n % 3));
      if (attempt.outcome === 'acquired') { got += 1; attempt.lock.release(); }
    }
    console.log(got);
    locks.close();`;
  const children = Array.from({ length: 4 }, () => spawn(process.execPath, ['--input-type=module', '-e', script]));
  const codes = await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0] as number));
  expect(codes).toEqual([0, 0, 0, 0]);
});

it('knows processes by their start', async () => {
  const own = identify(process.pid);
  expect(own === undefined ? 'unknown' : livenessOf(own)).toBe('alive');
  expect(identify(await endedProcess())).toBeUndefined();
});
