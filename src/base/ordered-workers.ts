import { parentPort, Worker } from 'node:worker_threads';
import { FailureError, unreachable, type Failure } from './failure.ts';

type Reply<Result> =
  | { readonly outcome: 'done'; readonly result: Result }
  | { readonly outcome: 'failed'; readonly failures: readonly [Failure, ...Failure[]] }
  | { readonly outcome: 'crashed'; readonly error: unknown };

/** Jobs that a thread may have in hand: one to do, one to go on with. */
const jobsPerThread = 4;

/**
 * Does jobs in worker threads and gives their results in the order of the jobs, a bounded number of them ahead. The
 * worker module calls {@link serveJobs}. A job that fails rejects in its turn.
 */
export async function* mapInOrder<Job, Result>(
  jobs: AsyncIterable<Job> | Iterable<Job>,
  workerModule: URL,
  threads: number,
): AsyncGenerator<Result> {
  const team = Array.from({ length: threads }, () => new WorkerThread<Job, Result>(workerModule));
  const pending: Promise<Result>[] = [];
  let next = 0;
  try {
    for await (const job of jobs) {
      const promise = team[next % threads]?.ask(job);
      next += 1;
      if (promise === undefined) throw new Error('there are no threads');
      // Shown when its turn comes, not before.
      promise.catch(() => undefined);
      pending.push(promise);
      if (pending.length >= threads * jobsPerThread) {
        const first = pending.shift();
        if (first !== undefined) yield await first;
      }
    }
    for (const promise of pending) yield await promise;
  } finally {
    await Promise.all(team.map((thread) => thread.end()));
  }
}

class WorkerThread<Job, Result> {
  readonly #worker: Worker;
  readonly #waiting: { resolve: (result: Result) => void; reject: (error: unknown) => void }[] = [];

  constructor(module: URL) {
    this.#worker = new Worker(module);
    this.#worker.on('message', (reply: Reply<Result>) => {
      this.#settle(reply);
    });
    this.#worker.on('error', (error) => {
      for (const { reject } of this.#waiting.splice(0)) reject(error);
    });
  }

  ask(job: Job): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#worker.postMessage({ job });
    });
  }

  /** Lets the thread finish what it has in hand: one that is stopped inside native code can take the process with it. */
  async end(): Promise<void> {
    const ended = new Promise((resolve) => this.#worker.once('exit', resolve));
    this.#worker.postMessage('end');
    await ended;
  }

  #settle(reply: Reply<Result>): void {
    const promise = this.#waiting.shift();
    switch (reply.outcome) {
      case 'done':
        promise?.resolve(reply.result);
        break;
      case 'failed':
        promise?.reject(new FailureError(reply.failures));
        break;
      case 'crashed':
        promise?.reject(reply.error);
        break;
      default:
        unreachable(reply);
    }
  }
}

/** The other side: answers jobs one after the other until it is told to end. Does nothing outside of a worker thread. */
export function serveJobs(work: (job: never) => Promise<unknown>): void {
  const port = parentPort;
  if (port === null) return;
  let queue = Promise.resolve();
  port.on('message', (message: { readonly job: never } | 'end') => {
    queue = queue.then(async () => {
      if (message === 'end') port.close();
      else port.postMessage(await answer(work, message.job));
    });
  });
}

async function answer(work: (job: never) => Promise<unknown>, job: never): Promise<Reply<unknown>> {
  try {
    return { outcome: 'done', result: await work(job) };
  } catch (error) {
    if (error instanceof FailureError) return { outcome: 'failed', failures: error.failures };
    return { outcome: 'crashed', error };
  }
}
