import { existsSync, fstatSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Json } from '../../core/digest.ts';
import { FailureError } from '../../core/failure.ts';
import type { InputPaths, OutputPaths, StageEvent } from '../../stage-api/stage.ts';
import type { CacheEntry, ExecutionFacts, Figure } from '../cache/cache-entry.ts';
import type { ScratchFolder } from '../cache/scratch-folder.ts';
import type { OutputPlan } from '../cache/store-output.ts';
import type { TaskLock } from '../cache/task-locks.ts';
import { inputDigest, type KeyDocument, externalContents, externalInputsOf } from '../plan/key-document.ts';
import type { Reason } from '../plan/compare-keys.ts';
import type { TaskSpec } from '../experiment/experiment.ts';
import { redactIn, redactInFailures, secretsOf } from './redact.ts';
import type { AttemptOutcome } from './event.ts';
import type { EventStream } from './event-stream.ts';
import type { Interruption } from './interruption.ts';
import { diedOfMemory, kernelKills } from './out-of-memory.ts';
import { startProgram } from './program-process.ts';
import type { RunRequest } from './run-request.ts';
import { keptOutputsOf, logFileOf } from './run-paths.ts';
import { TaskTerminator } from './task-terminator.ts';
import { closeLog, logTail, openLog } from './task-log.ts';
import type { Launch, ProcessEnd } from './task-process.ts';
import type { WarmWorkers } from './warm-workers.ts';
import type { WorkerJob } from './worker-message.ts';

/** One task that has to run, with everything that is known of it. */
export interface Assignment {
  readonly task: TaskSpec;
  readonly key: string;
  readonly document: KeyDocument;
  readonly reasons: readonly Reason[];
  /** Absolute paths by port, without `lineage`. */
  readonly inputs: InputPaths;
  /** The results of other tasks that it reads. */
  readonly sources: readonly SourceResult[];
  /** Content of the lineage file, where the stage asks for it. */
  readonly lineage: string | undefined;
  readonly cpus: number;
  /** Estimate of how long the run goes on from the start of this task: the longest path goes first. */
  readonly priority: number;
}

export interface SourceResult {
  readonly task: string;
  readonly entry: CacheEntry;
}

export type AttemptEnd =
  | { readonly outcome: 'done'; readonly entry: CacheEntry; readonly durationMs: number }
  | Exclude<AttemptOutcome, { outcome: 'done' }>;

/** What an attempt is given by the run it is part of. */
export interface AttemptTools {
  readonly request: RunRequest;
  readonly stream: EventStream;
  readonly halt: Interruption;
  /** Graphics processors the task may use. */
  readonly gpus: readonly string[];
  readonly lock: TaskLock;
  readonly workers: WarmWorkers;
}

/** Lines of a failed task's log that are shown with the failure. */
const shownLogLines = 20;

/**
 * One execution of a task: its process, and what becomes of its outputs. The caller holds the lock of the key.
 */
export class Attempt {
  readonly #tools: AttemptTools;
  readonly #assignment: Assignment;
  readonly #number: number;
  readonly #scratch: ScratchFolder;
  readonly #logFile: string;
  readonly #secrets: readonly string[];
  readonly #figures = new Map<string, number>();
  #lastSignOfLife = performance.now();

  /** @param number from 1, within the run */
  constructor(assignment: Assignment, number: number, tools: AttemptTools) {
    this.#number = number;
    this.#tools = tools;
    this.#assignment = assignment;
    this.#scratch = tools.request.cache.scratchOf(assignment.key);
    this.#logFile = logFileOf(tools.request.folder, assignment.task.id);
    this.#secrets = secretsOf(assignment.task);
  }

  async run(): Promise<AttemptEnd> {
    const { task } = this.#assignment;
    const { request, stream } = this.#tools;
    const startedAt = request.now();
    this.#scratch.prepare(task.kind.manifest.checkpoint === true);
    this.#announce();
    const { end, stopped } = await this.#work();
    const durationMs = request.now() - startedAt;
    const damaged = await this.#dropDamagedSources();
    const result = stopped ?? (await this.#conclude(end, durationMs, damaged));
    if (result.outcome !== 'done') this.#showLog();
    stream.say({
      type: 'attempt-ended',
      task: task.id,
      attempt: this.#number,
      result: result.outcome === 'done' ? { outcome: 'done' } : result,
      durationMs,
      ...(end.usage === undefined ? {} : { peakMemoryBytes: end.usage.peakMemoryBytes, usage: end.usage }),
    });
    return result;
  }

  #announce(): void {
    const { task, key, document, reasons, cpus } = this.#assignment;
    const inputs = externalContents(task, document.inputs);
    const resumedFrom = readNumber(checkpointFile(this.#scratch));
    this.#tools.stream.say({
      type: 'task-started',
      task: task.id,
      key,
      attempt: this.#number,
      reasons,
      ...(resumedFrom === undefined ? {} : { resumedFrom }),
      logFile: this.#logFile,
      cpus,
      gpus: this.#tools.gpus,
      ...(inputs && { inputs }),
    });
  }

  /** Runs the process to its end, whoever brings it about. */
  async #work(): Promise<{ end: ProcessEnd; stopped: Exclude<AttemptEnd, { outcome: 'done' }> | undefined }> {
    const { task, key } = this.#assignment;
    const killsBefore = kernelKills();
    const log = openLog(this.#logFile, `attempt ${this.#number}, key ${key}`);
    try {
      const launch = this.#launch(log);
      const isProgram = task.kind.manifest.program === true;
      this.#tools.workers.freeGpusFor(launch);
      const process = await (isProgram ? startProgram(launch) : this.#tools.workers.start(launch));
      const stopper = new TaskTerminator(process, {
        interruption: this.#tools.halt,
        limits: task.limits,
        graceMs: this.#tools.request.graceMs,
        lastSignOfLife: this.#watchLog(log),
      });
      const end = await process.end;
      stopper.dispose();
      if (stopper.reason !== undefined) return { end, stopped: stopper.reason };
      return { end, stopped: this.#memoryDeath(end, killsBefore) };
    } finally {
      closeLog(log);
    }
  }

  #launch(log: number): Launch {
    const { task, cpus, document } = this.#assignment;
    const { request, gpus, lock } = this.#tools;
    const isProgram = task.kind.manifest.program === true;
    return {
      job: this.#job(),
      code: document.stage.code,
      environment: request.workerEnvironment(task, { cpus, gpus }),
      workingFolder: isProgram ? request.experiment.workspace : this.#scratch.work,
      logDescriptor: log,
      secrets: this.#secrets,
      onStarted: (pid) => {
        lock.nameWorker(pid);
      },
      onEvent: (event) => {
        this.#hear(event);
      },
    };
  }

  #job(): WorkerJob {
    const { task, document, cpus, inputs } = this.#assignment;
    return {
      entry: task.kind.entry,
      params: task.params,
      inputs: { ...inputs, ...this.#writeLineage() },
      outputs: this.#outputPaths(),
      scratch: this.#scratch.work,
      checkpointFile: checkpointFile(this.#scratch),
      // A seed that is not part of the key must not be there to be used.
      seed: document.seed ?? 0,
      // The same holds for an engine: nothing that can be loaded has this version.
      engine: document.engine ?? { name: 'cpu', version: 'none' },
      cpus,
      logFile: this.#logFile,
      // The log of a further job is opened by the worker, and secrets would go past us.
      isWarm: task.kind.manifest.warm === true && this.#secrets.length === 0,
    };
  }

  /** Events and lines in the log are signs of life; the log is written by the process itself, past us. */
  #watchLog(log: number): () => number {
    let bytes = fstatSync(log).size;
    this.#lastSignOfLife = performance.now();
    return () => {
      const now = fstatSync(log).size;
      if (now !== bytes) this.#lastSignOfLife = performance.now();
      bytes = now;
      return this.#lastSignOfLife;
    };
  }

  #hear(event: StageEvent): void {
    this.#lastSignOfLife = performance.now();
    if (event.type === 'metric' && event.step === undefined) this.#figures.set(event.name, event.value);
    const shown = event.type === 'log' ? { ...event, message: redactIn(event.message, this.#secrets) } : event;
    this.#tools.stream.say({ type: 'task-event', task: this.#assignment.task.id, event: shown });
  }

  #memoryDeath(end: ProcessEnd, killsBefore: number): { readonly outcome: 'out-of-memory' } | undefined {
    const hasEndedWell = end.type === 'reported' && end.result.outcome !== 'failed';
    if (hasEndedWell) return undefined;
    const death = {
      signal: end.type === 'crashed' ? end.signal : (end.innerSignal ?? null),
      killsBefore,
      killsAfter: kernelKills(),
      printed: logTail(this.#logFile, shownLogLines),
    };
    return diedOfMemory(death) ? { outcome: 'out-of-memory' } : undefined;
  }

  async #conclude(end: ProcessEnd, durationMs: number, damaged: InputChange | undefined): Promise<AttemptEnd> {
    if (end.type === 'crashed') return { outcome: 'crashed', exitCode: end.exitCode, signal: end.signal };
    if (end.result.outcome === 'failed') {
      return { outcome: 'failed', failures: redactInFailures(end.result.failures, this.#secrets) };
    }
    if (end.result.outcome !== 'done') return end.result;
    try {
      const changed = damaged ?? (await this.#changedInput());
      if (changed !== undefined) return { outcome: 'input-changed', ...changed, kept: this.#setAside() };
      return await this.#keep(durationMs, end.usage?.peakMemoryBytes ?? null);
    } catch (error) {
      if (error instanceof FailureError) return { outcome: 'failed', failures: error.failures };
      throw error;
    }
  }

  async #keep(durationMs: number, peakMemoryBytes: number | null): Promise<AttemptEnd> {
    const { request, lock } = this.#tools;
    if (!lock.isOurs()) return lockLost;
    const { task, key, document } = this.#assignment;
    const figures: Figure[] = [...this.#figures].map(([name, value]) => ({ name, value }));
    const facts: ExecutionFacts = {
      keyDocument: toJson(document),
      experiment: request.experiment.name,
      task: task.id,
      run: request.run,
      createdAt: new Date(request.now()).toISOString(),
      durationMs,
      peakMemoryBytes,
      engine: document.engine ?? null,
      figures,
    };
    const { cache, isTrial } = request;
    const plans = outputPlans(task);
    const entry = await (isTrial ? cache.tryOut(key, plans, facts) : cache.publish(key, plans, facts));
    this.#scratch.remove();
    return { outcome: 'done', entry, durationMs };
  }

  /** The first input from outside whose content is no longer what the key says: the result belongs to no key. */
  async #changedInput(): Promise<InputChange | undefined> {
    const { task, document } = this.#assignment;
    const { folder } = task.kind;
    const { code } = document.stage;
    if (code !== undefined && (await this.#digestNow({ path: folder, companions: [] })) !== code)
      return { path: folder };
    for (const { port, index, binding } of externalInputsOf(task)) {
      if ((await this.#digestNow(binding)) !== document.inputs[port]?.[index]) return { path: binding.path };
    }
    return undefined;
  }

  async #digestNow(binding: Parameters<typeof inputDigest>[0]): Promise<string | undefined> {
    const { digests } = this.#tools.request;
    try {
      return await inputDigest(binding, async (path) => (await digests.digest(path)).digest);
    } catch (error) {
      if (error instanceof FailureError) return undefined;
      throw error;
    }
  }

  /**
   * Results it reads that are no longer what they were: a task that writes to its inputs would poison them for all
   * others. They leave the cache however the attempt ended. One that is gone, or was made anew, counts too: another
   * task has found the damage, and who read it when cannot be told.
   */
  async #dropDamagedSources(): Promise<InputChange | undefined> {
    const { cache } = this.#tools.request;
    let first: InputChange | undefined;
    for (const { task, entry } of this.#assignment.sources) {
      const lookup = await cache.find(entry.key);
      if (lookup.state === 'whole' && lookup.entry.createdAt === entry.createdAt) continue;
      if (lookup.state === 'damaged') cache.drop(entry.key);
      first ??= { path: cache.entryFolder(entry.key), resultOf: task };
    }
    return first;
  }

  /** Outputs that cannot be cached are kept with the run, to be looked at; says where. */
  #setAside(): string {
    const kept = keptOutputsOf(this.#tools.request.folder, this.#assignment.task.id);
    mkdirSync(dirname(kept), { recursive: true });
    rmSync(kept, { recursive: true, force: true });
    renameSync(this.#scratch.outputs, kept);
    this.#scratch.remove();
    return kept;
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
      this.#tools.stream.say({
        type: 'task-output',
        task: this.#assignment.task.id,
        stream: 'stderr',
        text: `${line}\n`,
      });
    }
  }
}

type InputChange = Pick<Extract<AttemptOutcome, { outcome: 'input-changed' }>, 'path' | 'resultOf'>;

const lockLost: AttemptEnd = {
  outcome: 'failed',
  failures: [
    {
      code: 'lock-lost',
      message: 'another machine took this one for dead and computes the task itself',
      hint: 'run again: its result will be taken from the cache',
    },
  ],
};

/** An interface has no index signature, so the compiler does not see that this one is plain JSON. */
function toJson(document: KeyDocument): Json {
  return JSON.parse(JSON.stringify(document)) as Json;
}

function outputPlans(task: TaskSpec): Record<string, OutputPlan> {
  const { outputs } = task.kind.manifest;
  return Object.fromEntries(Object.entries(outputs).map(([port, { kind, path }]) => [port, { kind, path }]));
}

/** The step of the last checkpoint, beside the stage's own folder: told to people, not to the stage. */
function checkpointFile(scratch: ScratchFolder): string {
  return join(scratch.root, 'checkpoint.json');
}

function readNumber(path: string): number | undefined {
  if (!existsSync(path)) return undefined;
  const number = Number(readFileSync(path, 'utf8'));
  return Number.isSafeInteger(number) ? number : undefined;
}
