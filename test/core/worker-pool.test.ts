import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { FailureError } from '../../src/core/failure.ts';
import { compiledModule } from '../../src/core/package-folder.ts';
import { WorkerPool } from '../../src/core/worker-pool.ts';
import { temporaryFolder } from '../kit/dataset/tiny-faces.ts';

/** Threads that count up their shared number for each job and do what the job says. */
function openPool(threads: number): { pool: WorkerPool<Int32Array, string, string>; done: Int32Array } {
  const path = join(temporaryFolder(), 'worker.mjs');
  writeFileSync(
    path,
    `import { readFileSync } from 'node:fs';
     import { FailureError } from '${compiledModule('src/core/failure.ts').href}';
     import { serveJobs } from '${compiledModule('src/core/worker-pool.ts').href}';
     serveJobs((done) => async (job) => {
       Atomics.add(done, 0, 1);
       if (job === 'fail') throw new FailureError([{ code: 'no-luck', message: 'it failed' }]);
       if (job === 'crash') throw new TypeError('a defect');
       if (job === 'read') readFileSync('/nowhere/file');
       if (job === 'die') setTimeout(() => { throw new Error('the thread is gone'); });
       if (job === 'die' || job === 'wait') await new Promise((resolve) => setTimeout(resolve, 100));
       return job.toUpperCase();
     });`,
  );
  const done = new Int32Array(new SharedArrayBuffer(4));
  const pool = new WorkerPool<Int32Array, string, string>({ module: pathToFileURL(path), threads, setup: done });
  open.push(pool);
  return { pool, done };
}

const open: WorkerPool<Int32Array, string, string>[] = [];

afterEach(async () => {
  for (const pool of open.splice(0)) await pool.close();
});

describe('a pool of worker threads', () => {
  it('yields results in the order of the jobs, whatever thread does them', async () => {
    const { pool } = openPool(3);
    const jobs = Array.from({ length: 100 }, (_, index) => `job ${String(index)}`);
    const results: string[] = [];
    for await (const result of pool.mapInOrder(jobs)) results.push(result);
    expect(results).toEqual(jobs.map((job) => job.toUpperCase()));
  });

  it('takes no more jobs than its threads can have waiting', async () => {
    const { pool } = openPool(1);
    let taken = 0;
    const jobs = (function* () {
      for (taken = 1; taken <= 1000; taken += 1) yield 'a';
    })();
    for await (const result of pool.mapInOrder(jobs)) {
      expect(result).toBe('A');
      break;
    }
    expect(taken).toBeLessThan(40);
  });

  it('shows a failure and a defect of a job when its turn comes, and goes on with other jobs', async () => {
    const { pool } = openPool(2);
    const results: string[] = [];
    const all = (async () => {
      for await (const result of pool.mapInOrder(['a', 'b', 'fail', 'c'])) results.push(result);
    })();
    await expect(all).rejects.toBeInstanceOf(FailureError);
    expect(results).toEqual(['A', 'B']);
    await expect(pool.run('crash')).rejects.toThrow('a defect');
    // What an error of the file system tells beside its text comes with it.
    await expect(pool.run('read')).rejects.toMatchObject({ code: 'ENOENT', syscall: 'open', path: '/nowhere/file' });
    expect(await pool.run('d')).toBe('D');
  });

  it('leaves out the jobs that wait when it is closed', async () => {
    const { pool, done } = openPool(1);
    const first = pool.run('wait');
    const second = pool.run('never').catch((error: unknown) => String(error));
    while (Atomics.load(done, 0) === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    await pool.close();
    expect(await first).toBe('WAIT');
    expect(await second).toContain('the pool of threads was closed');
    expect(done[0]).toBe(1);
  });

  it('rejects the jobs of a thread that died, and can still be closed', async () => {
    const { pool } = openPool(1);
    await expect(pool.run('die')).rejects.toThrow('the thread is gone');
    await expect(pool.run('a')).rejects.toThrow('the thread is gone');
  });
});
