import { setTimeout as sleep } from 'node:timers/promises';
import type { CacheEntry } from '../cache/cache-entry.ts';
import type { LockOwner, TaskLock, TaskLocks } from '../cache/task-locks.ts';
import type { ProcessIdentity } from '../cache/process-identity.ts';
import { Attempt, type Assignment, type AttemptEnd } from './attempt.ts';
import type { EventStream } from './event-stream.ts';
import type { RunRequest } from './run-request.ts';
import { Slots } from './slots.ts';

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
  readonly #slots: Slots;
  #locks: TaskLocks | undefined;
  #heart: NodeJS.Timeout | undefined;

  constructor(request: RunRequest, stream: EventStream) {
    this.#request = request;
    this.#stream = stream;
    this.#slots = new Slots(request.jobs, request.cpus);
  }

  /** @param refusal why nothing new may start any more; asked again whenever we have waited */
  async run(assignment: Assignment, refusal: () => string | undefined): Promise<TaskEnd> {
    for (let hasSaid = false; ; hasSaid = true) {
      const release = await this.#slots.acquire({ cpus: assignment.cpus });
      try {
        const because = refusal();
        if (because !== undefined) return { outcome: 'skipped', because };
        const attempt = this.#openLocks().tryAcquire(assignment.key);
        if (attempt.outcome === 'acquired') return await this.#runLocked(assignment, attempt.lock);
        if (attempt.outcome === 'orphaned') endOrphan(attempt.worker);
        else if (!hasSaid) this.#sayWaiting(assignment, attempt.owner);
      } finally {
        release();
      }
      await sleep(pollMs);
    }
  }

  close(): void {
    clearInterval(this.#heart);
    this.#locks?.close();
  }

  async #runLocked(assignment: Assignment, lock: TaskLock): Promise<TaskEnd> {
    try {
      // Whoever held the lock before us may have done the work.
      const lookup = await this.#request.cache.find(assignment.key);
      if (lookup.state === 'whole') return { outcome: 'cached', entry: lookup.entry };
      return await new Attempt(this.#request, this.#stream, assignment).run(lock);
    } finally {
      lock.release();
    }
  }

  #openLocks(): TaskLocks {
    if (this.#locks === undefined) {
      const locks = this.#request.openLocks();
      this.#locks = locks;
      this.#heart = setInterval(() => {
        locks.beat();
      }, beatMs);
    }
    return this.#locks;
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

/** Ends a worker whose runner was killed: nobody will take its result, and it writes where we are about to. */
function endOrphan(worker: ProcessIdentity): void {
  try {
    process.kill(-worker.pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
