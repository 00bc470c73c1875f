import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { humanDuration } from '../../core/human.ts';
import type { CacheEntry } from '../cache/cache-entry.ts';
import type { ProcessIdentity } from '../cache/process-identity.ts';
import type { LockAttempt, LockOwner, TaskLock, TaskLocks } from '../cache/task-locks.ts';
import { computesTensors } from '../experiment/stage-manifest.ts';
import { Attempt, type Assignment, type AttemptEnd } from './attempt.ts';
import type { EventStream } from './event-stream.ts';
import type { Interruption } from './interruption.ts';
import type { RunRequest } from './run-request.ts';
import { shortageOf } from './shortage.ts';
import { Slots, type Demand, type Grant } from './slots.ts';
import { WarmWorkers } from './warm-workers.ts';

/** How a task that was not in the cache came out. */
export type TaskEnd =
  | AttemptEnd
  /** Another run computed it while we waited. */
  | { readonly outcome: 'cached'; readonly entry: CacheEntry }
  | { readonly outcome: 'skipped'; readonly because: string };

/** How often we look whether another run has finished a task that we need. */
const pollMs = 150;
/** How often the locks we hold show that we are alive. */
const beatMs = 5000;

/** Runs tasks that have to run: each when there is room, under the lock of its key. */
export class TaskRunner {
  readonly #request: RunRequest;
  readonly #stream: EventStream;
  readonly #halt: Interruption;
  readonly #slots: Slots;
  readonly #workers = new WarmWorkers();
  /** Said once for all tasks of a stage. */
  readonly #saidShortages = new Set<string>();
  #opening: Promise<TaskLocks> | undefined;
  #locks: TaskLocks | undefined;
  #heart: NodeJS.Timeout | undefined;

  /** @param halt what stops running tasks: the interruption of the run, or a failure */
  constructor(request: RunRequest, stream: EventStream, halt: Interruption) {
    this.#request = request;
    this.#stream = stream;
    this.#halt = halt;
    this.#slots = new Slots(request.capacity);
  }

  /** @param refusal why nothing new may start any more; asked again whenever we have waited */
  async run(assignment: Assignment, refusal: () => string | undefined): Promise<TaskEnd> {
    for (let hasSaid = false; ; hasSaid = true) {
      const grant = await this.#slots.acquire(demandOf(assignment));
      try {
        const because = refusal();
        if (because !== undefined) return { outcome: 'skipped', because };
        this.#opening ??= this.#openLocks();
        const attempt = (await this.#opening).tryAcquire(assignment.key);
        if (attempt.outcome === 'acquired') return await this.#runLocked(assignment, attempt, grant);
        if (attempt.outcome === 'orphaned') endOrphan(attempt.worker);
        else if (!hasSaid) this.#sayWaiting(assignment, attempt.owner);
      } finally {
        grant.release();
      }
      await sleep(pollMs);
    }
  }

  close(): void {
    clearInterval(this.#heart);
    this.#workers.close();
    this.#locks?.close();
  }

  async #runLocked(
    assignment: Assignment,
    { lock, isTakenOver }: LockAttempt & { outcome: 'acquired' },
    grant: Grant,
  ): Promise<TaskEnd> {
    try {
      // Whoever held the lock before us may have done the work.
      const isForced = assignment.reasons.some((reason) => reason.code === 'forced');
      const lookup = isForced ? undefined : await this.#request.cache.find(assignment.key);
      if (lookup?.state === 'whole') return { outcome: 'cached', entry: lookup.entry };
      const lost = this.#lostSource(assignment);
      if (lost !== undefined) {
        return { outcome: 'skipped', because: `the result of ${lost}, which it reads, was dropped from the cache` };
      }
      if (isTakenOver) this.#request.cache.scratchOf(assignment.key).takeOver(this.#request.run);
      return await this.#tryOften(assignment, lock, grant);
    } finally {
      lock.release();
    }
  }

  /** The task whose result is gone, say because another task wrote to it. */
  #lostSource({ sources }: Assignment): string | undefined {
    return sources.find(({ entry }) => !existsSync(this.#request.cache.entryFolder(entry.key)))?.task;
  }

  async #tryOften(assignment: Assignment, lock: TaskLock, grant: Grant): Promise<TaskEnd> {
    this.#sayShortage(assignment);
    const { times, waitMs } = assignment.task.retries;
    const most = Math.max(times, this.#request.retries);
    for (let tried = 0; ; tried += 1) {
      const tools = {
        request: this.#request,
        stream: this.#stream,
        halt: this.#halt,
        gpus: grant.gpus,
        lock,
        workers: this.#workers,
      };
      const end = await new Attempt(assignment, tried + 1, tools).run();
      if (tried === most || !isWorthRetrying(end)) return end;
      // Twice as long each time: what is out of order for a moment recovers, what is for long is not hammered on.
      if (!(await this.#pause(assignment, waitMs * 2 ** tried, `${tried + 1} of ${most}`))) return end;
    }
  }

  /** False where the run was stopped meanwhile. */
  async #pause({ task }: Assignment, waitMs: number, which: string): Promise<boolean> {
    const because = `failed; tried again (${which}) in ${humanDuration(waitMs)}`;
    this.#stream.say({ type: 'task-waiting', task: task.id, because });
    const waiting = new AbortController();
    const unlisten = this.#halt.listen(() => {
      waiting.abort();
    });
    await sleep(waitMs, undefined, { signal: waiting.signal }).catch(() => undefined);
    unlisten();
    return !waiting.signal.aborted;
  }

  async #openLocks(): Promise<TaskLocks> {
    const locks = await this.#request.openLocks();
    this.#locks = locks;
    this.#heart = setInterval(() => {
      locks.beat();
    }, beatMs);
    return locks;
  }

  #sayShortage({ task }: Assignment): void {
    const message = shortageOf(task, this.#request.capacity);
    if (message === undefined || this.#saidShortages.has(message)) return;
    this.#saidShortages.add(message);
    this.#stream.say({ type: 'notice', level: 'warning', message });
  }

  #sayWaiting({ task }: Assignment, owner: LockOwner): void {
    const isOurs = owner.run === this.#request.run;
    this.#stream.say({
      type: 'task-waiting',
      task: task.id,
      because: isOurs ? 'another task of this run computes the same' : `run ${owner.run} computes the same right now`,
    });
  }
}

function demandOf({ task, cpus, priority }: Assignment): Demand {
  const { memoryBytes = 0, gpus } = task.resources;
  // What computes with tensors takes one graphics processor where there is one, also when it does not ask.
  const wanted = computesTensors(task.kind.manifest) ? Math.max(1, gpus) : gpus;
  return { cpus, memoryBytes, gpus: wanted, priority };
}

/** Whether another attempt could end otherwise: not when we stopped it ourselves, nor when an input has changed. */
function isWorthRetrying(end: AttemptEnd): boolean {
  switch (end.outcome) {
    case 'failed':
    case 'crashed':
    case 'out-of-memory':
    case 'timed-out':
      return true;
    case 'done':
    case 'interrupted':
    case 'input-changed':
      return false;
  }
}

/** Ends a worker whose runner was killed: nobody will take its result, and it writes where we are about to. */
function endOrphan(worker: ProcessIdentity): void {
  try {
    process.kill(-worker.pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
