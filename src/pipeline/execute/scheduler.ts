import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { FailureError } from '../../core/failure.ts';
import { humanDuration } from '../../core/human.ts';
import type { CacheEntry } from '../cache/cache-entry.ts';
import type { TaskLock, TaskLocks } from '../cache/task-locks.ts';
import type { TaskSpec } from '../experiment/experiment.ts';
import { externalContents, type Key } from '../plan/key-document.ts';
import { planTask, type OutputDigests, type PlannedTask } from '../plan/plan.ts';
import { forceTask, isForced, taskNeeds } from '../plan/select-tasks.ts';
import { Attempt, type Assignment } from './attempt.ts';
import type { AttemptOutcome, EventStream, TaskOutcome, TaskProduct } from './event.ts';
import type { Executor } from './executor.ts';
import { systemFailure } from './failures.ts';
import { after, type Interruption } from './interruption.ts';
import { outputDigests, type CachePlanningContext } from './planning-context.ts';
import { shortSecretsOf } from './redact.ts';
import type { RunRequest } from './run-request.ts';
import { demandOf, priorities, shortageOf, Slots, type Grant } from './slots.ts';

/** How often we look whether another run has finished a task that we need. */
const pollMs = 150;
/** How often the locks we hold show that we are alive. */
const heartbeatMs = 5000;

export interface SchedulerTools {
  readonly request: RunRequest;
  readonly context: CachePlanningContext;
  readonly stream: EventStream;
  /** Stops the tasks that run: when the run is interrupted, or by a failure if that was requested. */
  readonly halt: Interruption;
}

/** What is opened when the first task has to run. */
interface Machine {
  readonly executor: Executor;
  readonly slots: Slots;
  readonly locks: TaskLocks;
  readonly priorities: ReadonlyMap<string, number>;
  readonly heartbeat: NodeJS.Timeout;
}

/** What a task holds while it runs. */
interface Held {
  readonly grant: Grant;
  readonly lock: TaskLock;
  readonly isTakenOver: boolean;
}

/**
 * Brings the tasks of a run to their outcomes: each when those it needs have theirs, when there is room for it, under the
 * lock of its key, and as often as its retries allow.
 */
export class Scheduler {
  readonly #tools: SchedulerTools;
  readonly #outcomes = new Map<string, Promise<TaskOutcome>>();
  /** Of every task that is cached or done. */
  readonly #settled = new Map<string, { readonly key: Key; readonly outputs: OutputDigests }>();
  readonly #reported = new Set<string>();
  #machine: Promise<Machine> | undefined;
  #firstFailure: string | undefined;
  #defect: { readonly error: unknown } | undefined;

  constructor(tools: SchedulerTools) {
    this.#tools = tools;
  }

  /** What of our own went wrong and ended the run. */
  get defect(): { readonly error: unknown } | undefined {
    return this.#defect;
  }

  /** The stored result of a task that is cached or done. */
  resultOf(task: string): CacheEntry | undefined {
    const settled = this.#settled.get(task);
    return settled === undefined ? undefined : this.#tools.context.entry(settled.key);
  }

  async close(): Promise<void> {
    const machine = await this.#machine?.catch(() => undefined);
    if (machine === undefined) return;
    clearInterval(machine.heartbeat);
    await machine.executor.close();
    machine.locks.close();
  }

  /** Resolves with the outcome of a task however it comes out. To be called for the tasks it needs before. */
  settle(planned: PlannedTask): Promise<TaskOutcome> {
    const outcome = this.#settle(planned);
    this.#outcomes.set(planned.task.id, outcome);
    return outcome;
  }

  async #settle(first: PlannedTask): Promise<TaskOutcome> {
    let planned = first;
    let outcome = await this.#blockedBy(first.task);
    try {
      if (outcome === undefined && first.state !== 'cached') {
        outcome = this.#refusal();
        if (outcome === undefined) {
          // What it takes in is settled by now: an early cutoff may have made its key a known one.
          const again = await planTask(first.task, this.#settled, this.#tools.context);
          planned = isForced(first) ? forceTask(again) : again;
        }
      }
      if (planned.state === 'cached') outcome ??= { outcome: 'cached', key: planned.key };
      else if (planned.state === 'run') outcome ??= await this.#execute(planned);
      if (outcome === undefined) throw new Error(`${first.task.id} was started before what it needs`);
    } catch (error) {
      outcome = this.#outcomeOf(error);
    }
    this.#end(planned, outcome);
    return outcome;
  }

  /** Waits for the tasks that a task needs. */
  async #blockedBy(task: TaskSpec): Promise<TaskOutcome | undefined> {
    let blocked: TaskOutcome | undefined;
    for (const need of taskNeeds(task)) {
      const { outcome } = (await this.#outcomes.get(need)) ?? { outcome: 'skipped' };
      if (outcome === 'cached' || outcome === 'done') continue;
      blocked ??= skipped(outcome === 'failed' ? `${need} failed` : `${need} was ${outcome}`);
    }
    return blocked;
  }

  /** Why no further task may start. */
  #refusal(): TaskOutcome | undefined {
    const { interruption, afterFailure } = this.#tools.request;
    if (interruption.level !== 'none') return skipped('the run was interrupted');
    if (this.#firstFailure === undefined || afterFailure === 'go-on') return undefined;
    return skipped(`${this.#firstFailure} failed`);
  }

  async #execute(planned: PlannedTask & { state: 'run' }): Promise<TaskOutcome> {
    const { request, stream, context, halt } = this.#tools;
    this.#machine ??= this.#open();
    const machine = await this.#machine;
    const assignment = this.#assignment(planned, machine);
    const held = await this.#acquire(assignment, machine);
    if ('outcome' in held) return held;
    try {
      const known = await this.#knownMeanwhile(assignment);
      if (known !== undefined) return known;
      if (held.isTakenOver) request.cache.scratchOf(planned.key).takeOver(request.run);
      this.#warnAbout(planned.task, machine);
      const maxRetries = Math.max(planned.task.retries.times, request.retries);
      for (let tried = 0; ; tried += 1) {
        const tools = { request, stream, context, halt, executor: machine.executor, ...held };
        const outcome = await new Attempt(assignment, tried + 1, tools).run();
        if (tried === maxRetries || !isWorthRetrying(outcome) || !(await this.#pause(planned.task, tried, maxRetries)))
          return this.#outcomeAfter(outcome, planned.key);
      }
    } finally {
      held.grant.release();
      held.lock.release();
    }
  }

  async #open(): Promise<Machine> {
    const { request } = this.#tools;
    const executor = await request.openExecutor();
    const locks = await request.openLocks();
    return {
      executor,
      slots: new Slots(executor.capacity),
      locks,
      priorities: priorities(request.experiment, request.lastDurationMs),
      heartbeat: setInterval(() => {
        locks.heartbeat();
      }, heartbeatMs),
    };
  }

  /** Waits for room and for the lock of the key; stops waiting if nothing new may start any more. */
  async #acquire({ task, key, cpus }: Assignment, machine: Machine): Promise<Held | TaskOutcome> {
    const demand = demandOf(task, cpus, machine.priorities.get(task.id) ?? 0);
    for (let isReported = false; ; isReported = true) {
      const grant = await machine.slots.acquire(demand, (because) => {
        this.#tools.stream.emit({ type: 'task-waiting', task: task.id, because });
      });
      let held: Held | undefined;
      try {
        const refusal = this.#refusal();
        if (refusal !== undefined) return refusal;
        const attempt = machine.locks.tryAcquire(key);
        if (attempt.outcome === 'acquired') {
          held = { grant, lock: attempt.lock, isTakenOver: attempt.isTakenOver };
          return held;
        }
        if (attempt.outcome === 'orphaned') {
          // There is no use for its result, and it writes where we are about to.
          const { work: scratch } = this.#tools.request.cache.scratchOf(key);
          await machine.executor.endOrphan({ id: attempt.worker.id, scratch });
          machine.locks.orphanEnded(key, attempt.worker);
        } else if (!isReported) this.#reportWaiting(task, attempt.owner.run);
      } finally {
        if (held === undefined) grant.release();
      }
      await sleep(pollMs);
    }
  }

  /** The previous holder of the lock may have done the work, or an input may be gone, say because a task wrote to it. */
  async #knownMeanwhile({ key, reasons, sources }: Assignment): Promise<TaskOutcome | undefined> {
    const { request, context } = this.#tools;
    const isForced = reasons.some((reason) => reason.code === 'forced');
    const lookup = isForced ? undefined : await request.cache.find(key);
    if (lookup?.state === 'whole') {
      context.remember(lookup.entry);
      return { outcome: 'cached', key };
    }
    const lost = sources.find(({ entry }) => !existsSync(request.cache.entryFolder(entry.key)))?.task;
    return lost === undefined
      ? undefined
      : skipped(`the result of ${lost}, which it reads, was dropped from the cache`);
  }

  /** Twice as long each time, for what fails for a longer time; false if the run was stopped meanwhile. */
  #pause({ id, retries }: TaskSpec, tried: number, maxRetries: number): Promise<boolean> {
    const waitMs = retries.waitMs * 2 ** tried;
    const because = `failed; tried again (${tried + 1} of ${maxRetries}) in ${humanDuration(waitMs)}`;
    this.#tools.stream.emit({ type: 'task-waiting', task: id, because });
    return new Promise((resolve) => {
      const callOff = after(waitMs, () => {
        unlisten();
        resolve(true);
      });
      const unlisten = this.#tools.halt.listen(() => {
        callOff();
        resolve(false);
      });
    });
  }

  #assignment(planned: PlannedTask & { state: 'run' }, { executor }: Machine): Assignment {
    const { task, key, document, reasons } = planned;
    const { cpus } = executor.capacity;
    return {
      task,
      key,
      document,
      reasons,
      sources: this.#sources(task),
      lineage: task.kind.manifest.lineage === true ? this.#lineage(task) : undefined,
      cpus: task.resources.cpus === 'all' ? cpus : Math.min(task.resources.cpus, cpus),
    };
  }

  #lineage(task: TaskSpec): string {
    return this.#tools.context.lineage(task, (id) => this.#settled.get(id)?.key);
  }

  #sources({ inputs }: TaskSpec): Assignment['sources'] {
    const bindings = Object.values(inputs).flat();
    const tasks = new Set(bindings.flatMap((binding) => (binding.type === 'output' ? [binding.task] : [])));
    return [...tasks].flatMap((task) => {
      const entry = this.resultOf(task);
      return entry === undefined ? [] : [{ task, entry }];
    });
  }

  #outcomeAfter(attempt: AttemptOutcome, key: Key): TaskOutcome {
    if (attempt.outcome === 'interrupted') return { outcome: 'interrupted' };
    if (attempt.outcome !== 'done') return { outcome: 'failed', attempt };
    return { outcome: 'done', key, durationMs: this.#tools.context.entry(key).durationMs };
  }

  /** A defect in one task ends the run, but not before the processes of the others have ended. */
  #outcomeOf(error: unknown): TaskOutcome {
    if (error instanceof FailureError) {
      return { outcome: 'failed', attempt: { outcome: 'failed', failures: error.failures } };
    }
    const trouble = systemFailure(error);
    if (trouble !== undefined) return { outcome: 'failed', attempt: { outcome: 'failed', failures: [trouble] } };
    this.#defect ??= { error };
    this.#tools.request.interruption.kill();
    return skipped('a defect of faceflow ended the run');
  }

  #end(planned: PlannedTask, result: TaskOutcome): void {
    const { task } = planned;
    const { stream, context, request, halt } = this.#tools;
    if (result.outcome === 'failed' && this.#firstFailure === undefined) {
      this.#firstFailure = task.id;
      if (request.afterFailure === 'stop') halt.stop();
    }
    if (result.outcome !== 'cached' && result.outcome !== 'done') {
      stream.emit({ type: 'task-ended', task: task.id, result });
      return;
    }
    const entry = context.entry(result.key);
    this.#settled.set(task.id, { key: entry.key, outputs: outputDigests(entry) });
    const isReused = result.outcome === 'cached' && planned.state !== 'unknown';
    const inputs = isReused ? externalContents(task, planned.document.inputs) : undefined;
    stream.emit({
      type: 'task-ended',
      task: task.id,
      result,
      product: this.#product(entry),
      ...(inputs && { inputs }),
    });
  }

  #product(entry: CacheEntry): TaskProduct {
    const { createdAt, durationMs, peakMemoryBytes, figures } = entry;
    const outputs = Object.entries(entry.outputs).map(([port, output]) => ({
      port,
      kind: output.kind,
      path: this.#tools.request.cache.outputPath(entry, output),
      digest: output.digest,
      bytes: output.bytes,
    }));
    return { createdAt, durationMs, peakMemoryBytes, figures, outputs };
  }

  /** Once for all tasks of a stage. */
  #warnAbout(task: TaskSpec, { executor }: Machine): void {
    const shortage = shortageOf(task, executor.capacity);
    const short = shortSecretsOf(task).map(
      (name) => `the secret ${name} is so short that hiding it hides other text too`,
    );
    for (const message of shortage === undefined ? short : [shortage, ...short]) {
      if (this.#reported.has(message)) continue;
      this.#reported.add(message);
      this.#tools.stream.warn(message);
    }
  }

  #reportWaiting({ id }: TaskSpec, owner: string): void {
    const isOurs = owner === this.#tools.request.run;
    const because = isOurs ? 'another task of this run computes the same' : `run ${owner} computes the same right now`;
    this.#tools.stream.emit({ type: 'task-waiting', task: id, because });
  }
}

function skipped(because: string): TaskOutcome {
  return { outcome: 'skipped', because };
}

/** Whether another attempt could end otherwise: not if we stopped it ourselves, nor if an input has changed. */
function isWorthRetrying({ outcome }: AttemptOutcome): boolean {
  switch (outcome) {
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
