import { parentPort, Worker } from 'node:worker_threads';
import { FailureError, unreachable, type Failure } from './failure.ts';

type Reply<Result> =
  | { readonly outcome: 'done'; readonly result: Result }
  | { readonly outcome: 'failed'; readonly failures: readonly [Failure, ...Failure[]] }
  | { readonly outcome: 'crashed'; readonly error: unknown };

/** Jobs in one message: a message costs as much as a third of an alignment. */
const jobsPerMessage = 16;
/** Messages that a thread may have in hand: one to do, one to go on with. */
const messagesPerThread = 2;

/**
 * Does jobs in worker threads and gives their results in the order of the jobs, a bounded number of them ahead. The
 * worker module calls {@link serveJobs}. A job that fails rejects in its turn.
 */
export async function* mapInOrder<Job, Result>(
  jobs: Iterable<Job>,
  workerModule: URL,
  threads: number,
): AsyncGenerator<Result> {
  const team = Array.from({ length: threads }, () => new WorkerThread<Job, Result>(workerModule));
  const pending: Promise<readonly Reply<Result>[]>[] = [];
  let next = 0;
  try {
    for (const group of groupsOf(jobs, jobsPerMessage)) {
      const promise = team[next % threads]?.ask(group);
      next += 1;
      if (promise === undefined) throw new Error('there are no threads');
      // Shown when its turn comes, not before.
      promise.catch(() => undefined);
      pending.push(promise);
      if (pending.length < threads * messagesPerThread) continue;
      for (const reply of (await pending.shift()) ?? []) yield resultOf(reply);
    }
    for (const promise of pending) for (const reply of await promise) yield resultOf(reply);
  } finally {
    await Promise.all(team.map((thread) => thread.end()));
  }
}

function* groupsOf<Item>(items: Iterable<Item>, size: number): Generator<readonly Item[]> {
  let group: Item[] = [];
  for (const item of items) {
    group.push(item);
    if (group.length < size) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}

function resultOf<Result>(reply: Reply<Result>): Result {
  switch (reply.outcome) {
    case 'done':
      return reply.result;
    case 'failed':
      throw new FailureError(reply.failures);
    case 'crashed':
      throw reply.error;
    default:
      return unreachable(reply);
  }
}

class WorkerThread<Job, Result> {
  readonly #worker: Worker;
  readonly #waiting: {
    readonly resolve: (replies: readonly Reply<Result>[]) => void;
    readonly reject: (error: unknown) => void;
  }[] = [];

  constructor(module: URL) {
    this.#worker = new Worker(module);
    this.#worker.on('message', (replies: readonly Reply<Result>[]) => {
      this.#waiting.shift()?.resolve(replies);
    });
    this.#worker.on('error', (error) => {
      for (const { reject } of this.#waiting.splice(0)) reject(error);
    });
  }

  ask(jobs: readonly Job[]): Promise<readonly Reply<Result>[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#worker.postMessage({ jobs });
    });
  }

  /** Lets the thread finish what it has in hand: one that is stopped inside native code can take the process with it. */
  async end(): Promise<void> {
    const ended = new Promise((resolve) => this.#worker.once('exit', resolve));
    this.#worker.postMessage('end');
    await ended;
  }
}

/**
 * The other side: answers jobs one after the other until it is told to end. Does nothing outside of a worker thread.
 */
export function serveJobs<Result>(work: (job: never) => Promise<Result>): void {
  const port = parentPort;
  if (port === null) return;
  let queue = Promise.resolve();
  port.on('message', (message: { readonly jobs: readonly never[] } | 'end') => {
    queue = queue.then(async () => {
      if (message === 'end') {
        port.close();
        return;
      }
      const replies: Reply<Result>[] = [];
      for (const job of message.jobs) replies.push(await answer(work, job));
      port.postMessage(replies);
    });
  });
}

async function answer<Result>(work: (job: never) => Promise<Result>, job: never): Promise<Reply<Result>> {
  try {
    return { outcome: 'done', result: await work(job) };
  } catch (error) {
    if (error instanceof FailureError) return { outcome: 'failed', failures: error.failures };
    return { outcome: 'crashed', error };
  }
}
