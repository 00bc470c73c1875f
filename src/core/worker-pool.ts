import { parentPort, Worker, workerData } from 'node:worker_threads';
import { FailureError, unreachable, type Failure } from './failure.ts';

/** What a thread is started with. */
interface WorkerStart<Setup> {
  readonly setup: Setup;
  /** One int32; not 0: jobs that are still in the queue are not done any more. */
  readonly stop: SharedArrayBuffer;
}

type Request<Job> = readonly Job[] | 'end';

type Reply<Result> =
  | { readonly outcome: 'done'; readonly result: Result }
  | { readonly outcome: 'failed'; readonly failures: readonly [Failure, ...Failure[]] }
  /** `system`: what an error loses on its way between threads, of one of the file system. */
  | { readonly outcome: 'crashed'; readonly error: unknown; readonly system: SystemFacts };

type SystemFacts = Partial<Readonly<Record<(typeof systemFacts)[number], unknown>>>;

const systemFacts = ['code', 'syscall', 'path', 'dest'] as const;

export interface WorkerPoolOptions<Setup> {
  /** Module of the threads, which calls {@link serveJobs}. */
  readonly module: URL;
  /** At least 1. */
  readonly threads: number;
  /** Sent to each thread as it starts. Shared memory stays shared. */
  readonly setup: Setup;
}

/**
 * Worker threads that do jobs in turn; each does its jobs one after the other. The process may end while no job is in
 * work, even if the pool was not closed.
 */
export class WorkerPool<Setup, Job, Result> {
  readonly #threads: readonly WorkerThread<Job, Result>[];
  readonly #stop = new SharedArrayBuffer(4);
  #next = 0;
  #busy = 0;
  #closed: Promise<unknown> | undefined;

  constructor({ module, threads, setup }: WorkerPoolOptions<Setup>) {
    if (threads < 1) throw new Error('there are no threads');
    const start: WorkerStart<Setup> = { setup, stop: this.#stop };
    this.#threads = Array.from({ length: threads }, () => new WorkerThread<Job, Result>(module, start));
  }

  /** Does a job in the thread whose turn it is. Rejects with the FailureError or the error of the job. */
  async run(job: Job): Promise<Result> {
    const [reply] = await this.#ask([job]);
    if (reply === undefined) throw new Error('a worker thread replied nothing');
    return resultOf(reply);
  }

  /**
   * Does jobs and yields their results in the order of the jobs, a bounded number of them ahead. A job that fails
   * rejects in its turn.
   */
  async *mapInOrder(jobs: Iterable<Job>): AsyncGenerator<Result> {
    const pending: Promise<readonly Reply<Result>[]>[] = [];
    for (const group of groupsOf(jobs, jobsPerMessage)) {
      const promise = this.#ask(group);
      // Shown when its turn comes, not before.
      promise.catch(() => undefined);
      pending.push(promise);
      if (pending.length < this.#threads.length * messagesPerThread) continue;
      for (const reply of (await pending.shift()) ?? []) yield resultOf(reply);
    }
    for (const promise of pending) for (const reply of await promise) yield resultOf(reply);
  }

  /**
   * Ends the threads after the jobs they are doing, without those that wait. None is terminated: a thread that is stopped
   * inside native code can take the process with it.
   */
  async close(): Promise<void> {
    Atomics.store(new Int32Array(this.#stop), 0, 1);
    await (this.#closed ??= Promise.all(this.#threads.map((thread) => thread.end())));
  }

  async #ask(jobs: readonly Job[]): Promise<readonly Reply<Result>[]> {
    const thread = this.#threads[this.#next];
    if (thread === undefined) throw new Error('there are no threads');
    this.#next = (this.#next + 1) % this.#threads.length;
    this.#busy += 1;
    if (this.#busy === 1) for (const one of this.#threads) one.keepProcessAlive(true);
    try {
      return await thread.ask(jobs);
    } finally {
      this.#busy -= 1;
      if (this.#busy === 0 && this.#closed === undefined) for (const one of this.#threads) one.keepProcessAlive(false);
    }
  }
}

/** Jobs in one message: a message costs as much as a third of an alignment. */
const jobsPerMessage = 16;
/** Messages that a thread may have waiting: one that it works on, and one to continue with. */
const messagesPerThread = 2;

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
      throw reply.error instanceof Error ? Object.assign(reply.error, reply.system) : reply.error;
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
  /** What the thread died of. */
  #death: Error | undefined;

  constructor(module: URL, start: WorkerStart<unknown>) {
    // Of a program that came by --eval Node.js would refuse the module of the thread.
    const execArgv = process.execArgv.filter((option) => !/^(-e|--eval|--input-type|-p|--print)/.test(option));
    this.#worker = new Worker(module, { workerData: start, execArgv });
    this.#worker.on('message', (replies: readonly Reply<Result>[]) => {
      this.#waiting.shift()?.resolve(replies);
    });
    this.#worker.on('error', (error) => {
      this.#death = error instanceof Error ? error : new Error(String(error));
      for (const { reject } of this.#waiting.splice(0)) reject(error);
    });
    this.keepProcessAlive(false);
  }

  ask(jobs: Request<Job>): Promise<readonly Reply<Result>[]> {
    return new Promise((resolve, reject) => {
      if (this.#death !== undefined) {
        reject(this.#death);
        return;
      }
      this.#waiting.push({ resolve, reject });
      this.#worker.postMessage(jobs);
    });
  }

  async end(): Promise<void> {
    if (this.#death !== undefined) return;
    const ended = new Promise((resolve) => this.#worker.once('exit', resolve));
    this.keepProcessAlive(true);
    this.#worker.postMessage('end' satisfies Request<Job>);
    await ended;
  }

  keepProcessAlive(alive: boolean): void {
    if (alive) this.#worker.ref();
    else this.#worker.unref();
  }
}

/** Makes the function of a thread that does its jobs. */
export type Prepare<Setup, Job, Result> = (setup: Setup) => (job: Job) => Promise<Result>;

/**
 * The other side, called by the module of the threads: does jobs one after the other until the pool is closed.
 * `prepare` is called once per thread. Does nothing outside of a worker thread.
 */
export function serveJobs<Setup, Job, Result>(prepare: Prepare<Setup, Job, Result>): void {
  const port = parentPort;
  if (port === null) return;
  const { setup, stop } = workerData as WorkerStart<Setup>;
  const work = prepare(setup);
  const stopped = new Int32Array(stop);
  const answer = async (job: Job): Promise<Reply<Result>> => {
    try {
      if (Atomics.load(stopped, 0) !== 0) throw new Error('the pool of threads was closed');
      return { outcome: 'done', result: await work(job) };
    } catch (error) {
      if (error instanceof FailureError) return { outcome: 'failed', failures: error.failures };
      return { outcome: 'crashed', error, system: systemFactsOf(error) };
    }
  };
  let queue = Promise.resolve();
  port.on('message', (message: Request<Job>) => {
    queue = queue.then(async () => {
      if (message === 'end') {
        port.close();
        return;
      }
      const replies: Reply<Result>[] = [];
      for (const job of message) replies.push(await answer(job));
      port.postMessage(replies);
    });
  });
}

function systemFactsOf(error: unknown): SystemFacts {
  if (!(error instanceof Error)) return {};
  return Object.fromEntries(systemFacts.flatMap((fact) => (fact in error ? [[fact, Reflect.get(error, fact)]] : [])));
}
