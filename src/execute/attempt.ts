import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { FailureError } from '../base/failure.ts';
import { writeFileAtomic } from '../base/atomic-file.ts';
import type { Json } from '../base/digest.ts';
import type { InputPaths, OutputPaths, StageEvent } from '../base/stage.ts';
import type { CacheEntry, Figure } from '../cache/cache-entry.ts';
import type { ScratchFolder } from '../cache/scratch-folder.ts';
import type { OutputPlan } from '../cache/store-output.ts';
import type { TaskLock } from '../cache/task-locks.ts';
import type { KeyDocument } from '../plan/key-document.ts';
import type { Reason } from '../plan/reason.ts';
import type { TaskSpec } from '../spec/experiment.ts';
import type { AttemptOutcome } from './event.ts';
import type { EventStream } from './event-stream.ts';
import type { RunRequest } from './run-request.ts';
import { keptOutputsOf, logFileOf } from './run-paths.ts';
import { closeLog, logTail, openLog } from './task-log.ts';
import { startWorker, type WorkerEnd, type WorkerProcess } from './worker-process.ts';

/** One task that has to run, with everything that is known of it. */
export interface Assignment {
  readonly task: TaskSpec;
  readonly key: string;
  readonly document: KeyDocument;
  readonly reasons: readonly Reason[];
  /** Absolute paths by port, without `lineage`. */
  readonly inputs: InputPaths;
  /** Content of the lineage file, where the stage asks for it. */
  readonly lineage: string | undefined;
  readonly cpus: number;
}

export type AttemptEnd =
  | { readonly outcome: 'done'; readonly entry: CacheEntry; readonly durationMs: number }
  | Exclude<AttemptOutcome, { outcome: 'done' }>;

/** Lines of a failed task's log that are shown with the failure. */
const shownLogLines = 20;

/**
 * One execution of a task: its worker process, and what becomes of its outputs. The caller holds the lock of the key.
 */
export class Attempt {
  readonly #request: RunRequest;
  readonly #stream: EventStream;
  readonly #assignment: Assignment;
  readonly #scratch: ScratchFolder;
  readonly #logFile: string;
  readonly #figures = new Map<string, number>();

  constructor(request: RunRequest, stream: EventStream, assignment: Assignment) {
    this.#request = request;
    this.#stream = stream;
    this.#assignment = assignment;
    this.#scratch = request.cache.scratchOf(assignment.key);
    this.#logFile = logFileOf(request.folder, assignment.task.id);
  }

  async run(lock: TaskLock): Promise<AttemptEnd> {
    const { task } = this.#assignment;
    const startedAt = this.#request.now();
    this.#scratch.prepare(task.kind.manifest.checkpoint === true);
    const number = countAttempt(this.#scratch);
    this.#announce(number);
    const end = await this.#work(number, lock);
    const durationMs = this.#request.now() - startedAt;
    const result = await this.#conclude(end, durationMs, lock);
    this.#stream.say({
      type: 'attempt-ended',
      task: task.id,
      attempt: number,
      result: result.outcome === 'done' ? { outcome: 'done' } : result,
      durationMs,
      ...(end.type === 'reported' ? { peakMemoryBytes: end.peakMemoryBytes } : {}),
    });
    return result;
  }

  #announce(attempt: number): void {
    const { task, key, reasons } = this.#assignment;
    const resumedFrom = readNumber(checkpointFile(this.#scratch));
    this.#stream.say({
      type: 'task-started',
      task: task.id,
      key,
      attempt,
      reasons,
      ...(resumedFrom === undefined ? {} : { resumedFrom }),
      logFile: this.#logFile,
    });
  }

  async #work(number: number, lock: TaskLock): Promise<WorkerEnd> {
    const { task, key, document, cpus, inputs } = this.#assignment;
    const log = openLog(this.#logFile, `attempt ${number}, key ${key}`);
    try {
      const worker = await startWorker({
        job: {
          entry: task.kind.entry,
          params: task.params,
          inputs: { ...inputs, ...this.#writeLineage() },
          outputs: this.#outputPaths(),
          scratch: this.#scratch.work,
          // A seed that is not part of the key must not be there to be used.
          seed: document.seed ?? 0,
          engine: this.#request.engine,
          cpus,
        },
        environment: this.#request.workerEnvironment(task, cpus),
        workingFolder: this.#scratch.work,
        logDescriptor: log,
        onStarted: (pid) => {
          lock.nameWorker(pid);
        },
        onEvent: (event) => {
          this.#hear(event);
        },
      });
      return await this.#attend(worker);
    } finally {
      closeLog(log);
    }
  }

  /** Waits for the worker; passes an interruption on to it. */
  async #attend(worker: WorkerProcess): Promise<WorkerEnd> {
    let patience: NodeJS.Timeout | undefined;
    const unlisten = this.#request.interruption.listen((level) => {
      if (level === 'kill') {
        worker.kill();
        return;
      }
      worker.terminate();
      patience = setTimeout(() => {
        worker.kill();
      }, this.#request.graceMs);
    });
    try {
      return await worker.end;
    } finally {
      unlisten();
      clearTimeout(patience);
    }
  }

  #hear(event: StageEvent): void {
    if (event.type === 'metric' && event.step === undefined) this.#figures.set(event.name, event.value);
    if (event.type === 'checkpoint') writeFileAtomic(checkpointFile(this.#scratch), String(event.step));
    this.#stream.say({ type: 'task-event', task: this.#assignment.task.id, event });
  }

  async #conclude(end: WorkerEnd, durationMs: number, lock: TaskLock): Promise<AttemptEnd> {
    if (end.type === 'crashed') {
      if (this.#request.interruption.level !== 'none') return { outcome: 'interrupted' };
      this.#showLog();
      return { outcome: 'crashed', exitCode: end.exitCode, signal: end.signal };
    }
    if (end.result.outcome === 'failed') this.#showLog();
    if (end.result.outcome !== 'done') return end.result;
    try {
      return await this.#keep(durationMs, end.peakMemoryBytes, lock);
    } catch (error) {
      if (error instanceof FailureError) return { outcome: 'failed', failures: error.failures };
      throw error;
    }
  }

  async #keep(durationMs: number, peakMemoryBytes: number, lock: TaskLock): Promise<AttemptEnd> {
    const changed = await this.#changedInput();
    if (changed !== undefined) {
      this.#setAside();
      return { outcome: 'input-changed', path: changed };
    }
    const { task, key, document } = this.#assignment;
    if (!lock.isOurs()) throw new Error(`the lock of ${task.id} was taken from us while it ran`);
    const figures: Figure[] = [...this.#figures].map(([name, value]) => ({ name, value }));
    const entry = await this.#request.cache.publish(key, outputPlans(task), {
      keyDocument: toJson(document),
      experiment: this.#request.experiment.name,
      task: task.id,
      run: this.#request.run,
      createdAt: new Date(this.#request.now()).toISOString(),
      durationMs,
      peakMemoryBytes,
      engine: document.engine ?? null,
      figures,
    });
    this.#scratch.remove();
    return { outcome: 'done', entry, durationMs };
  }

  /** The first input from outside whose content is no longer what the key says: the result belongs to no key. */
  async #changedInput(): Promise<string | undefined> {
    const { task, document } = this.#assignment;
    for (const [port, bindings] of Object.entries(task.inputs)) {
      for (const [index, binding] of bindings.entries()) {
        if (binding.type !== 'path') continue;
        if ((await this.#digestNow(binding.path)) !== document.inputs[port]?.[index]) return binding.path;
      }
    }
    return undefined;
  }

  async #digestNow(path: string): Promise<string | undefined> {
    try {
      return (await this.#request.digests.digest(path)).digest;
    } catch (error) {
      if (error instanceof FailureError) return undefined;
      throw error;
    }
  }

  /** Outputs that cannot be cached are kept with the run, to be looked at. */
  #setAside(): void {
    const kept = keptOutputsOf(this.#request.folder, this.#assignment.task.id);
    mkdirSync(dirname(kept), { recursive: true });
    rmSync(kept, { recursive: true, force: true });
    renameSync(this.#scratch.outputs, kept);
    this.#scratch.remove();
  }

  #outputPaths(): OutputPaths {
    const { outputs } = this.#assignment.task.kind.manifest;
    return Object.fromEntries(
      Object.entries(outputs).map(([port, { path }]) => [port, join(this.#scratch.outputs, path)]),
    );
  }

  #writeLineage(): InputPaths {
    const { lineage } = this.#assignment;
    if (lineage === undefined) return {};
    const path = join(this.#scratch.root, 'lineage.json');
    writeFileSync(path, lineage);
    return { lineage: path };
  }

  #showLog(): void {
    for (const line of logTail(this.#logFile, shownLogLines)) {
      this.#stream.say({ type: 'task-output', task: this.#assignment.task.id, stream: 'stderr', text: line });
    }
  }
}

/** An interface has no index signature, so the compiler does not see that this one is plain JSON. */
function toJson(document: KeyDocument): Json {
  return JSON.parse(JSON.stringify(document)) as Json;
}

function outputPlans(task: TaskSpec): Record<string, OutputPlan> {
  const { outputs } = task.kind.manifest;
  return Object.fromEntries(Object.entries(outputs).map(([port, { kind, path }]) => [port, { kind, path }]));
}

/**
 * What is known of earlier attempts whose work survives in the scratch folder, in two small files beside the stage's
 * own folder: how many there were, and the step of the last checkpoint. Both are told to people, not to the stage.
 */
function countAttempt(scratch: ScratchFolder): number {
  const file = join(scratch.root, 'attempts.json');
  const number = (readNumber(file) ?? 0) + 1;
  writeFileAtomic(file, String(number));
  return number;
}

function checkpointFile(scratch: ScratchFolder): string {
  return join(scratch.root, 'checkpoint.json');
}

function readNumber(path: string): number | undefined {
  if (!existsSync(path)) return undefined;
  const number = Number(readFileSync(path, 'utf8'));
  return Number.isSafeInteger(number) ? number : undefined;
}
