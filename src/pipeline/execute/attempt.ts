import { existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeOwnFolder, removeTree, writeFileAtomic } from '../../core/atomic-file.ts';
import { fail, FailureError } from '../../core/failure.ts';
import type { InputPaths, OutputPaths, StageEvent } from '../../stage-api/stage.ts';
import { lineagePort } from '../../stage-api/lineage.ts';
import { referencesPort } from '../../stage-api/references.ts';
import type { CacheEntry, ExecutionFacts } from '../cache/cache-entry.ts';
import { checkpointFileName, type ScratchFolder } from '../cache/scratch-folder.ts';
import type { TaskLock } from '../cache/task-locks.ts';
import type { TaskSpec } from '../experiment/experiment.ts';
import type { Reason } from '../plan/compare-keys.ts';
import { externalContents, externalInputsOf, inputDigest, type Key, type KeyDocument } from '../plan/key-document.ts';
import type { AttemptOutcome, EventStream } from './event.ts';
import type { Executor, Launch, ProcessExit, ShellCommand, TaskHandle, Unseen, WorkerJob } from './executor.ts';
import { failures, systemFailure } from './failures.ts';
import type { ProgramEvents } from './program-events.ts';
import { TaskTerminator, type Interruption, type StopReason } from './interruption.ts';
import { inputPaths, type CachePlanningContext } from './planning-context.ts';
import { redactIn, redactInFailures, secretsOf } from './redact.ts';
import { namePaths, namePathsIn, type PathName } from './paths-in-failures.ts';
import { beginLog, keptOutputsOf, logFileOf, logTail, outputsLinkOf } from './run-files.ts';
import type { RunRequest } from './run-request.ts';
import type { Grant } from './slots.ts';

/** One task that has to run, with everything that is known of it. */
export interface Assignment {
  readonly task: TaskSpec;
  readonly key: Key;
  readonly document: KeyDocument;
  readonly reasons: readonly Reason[];
  /** The results of other tasks that it reads. */
  readonly sources: readonly { readonly task: string; readonly entry: CacheEntry }[];
  /** Content of the lineage file, if the stage asks for it. */
  readonly lineage: string | undefined;
  readonly cpus: number;
}

/** What an attempt is given by the run it is part of. */
export interface AttemptTools {
  readonly request: RunRequest;
  readonly context: CachePlanningContext;
  readonly stream: EventStream;
  readonly halt: Interruption;
  readonly executor: Executor;
  readonly grant: Grant;
  readonly lock: TaskLock;
}

/** How often the file is looked at to which a program may append its events. */
const lookForEventsMs = 500;

/** The variable that names it. */
const eventsVariable = 'FLOW_EVENTS';

/** Lines of a failed task's log that are shown with the failure. */
const shownLogLines = 20;

/**
 * One execution of a task: what it is started with, and what becomes of its outputs. The caller holds the lock of the
 * key. A result is published and remembered by the planning context before the attempt is `done`.
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
  /** Where what it prints begins in its log. */
  #logBegin = 0;

  /** @param number from 1, within the run */
  constructor(assignment: Assignment, number: number, tools: AttemptTools) {
    this.#number = number;
    this.#tools = tools;
    this.#assignment = assignment;
    this.#scratch = tools.request.cache.scratchOf(assignment.key);
    this.#logFile = logFileOf(tools.request.folder, assignment.task.id);
    this.#secrets = secretsOf(assignment.task);
  }

  async run(): Promise<AttemptOutcome> {
    const { task, key } = this.#assignment;
    const { request, stream, executor } = this.#tools;
    const startedAt = request.now();
    let result: AttemptOutcome;
    let usage: ProcessExit['usage'];
    try {
      try {
        await this.#takeUp();
      } finally {
        this.#emitStarted();
      }
      this.#scratch.prepare(this.#keepsWork);
      this.#logBegin = beginLog(this.#logFile, `attempt ${this.#number}, key ${key}`);
      const handle = await executor.start(this.#launch());
      const ended = await this.#ended(handle);
      usage = ended.usage;
      const damaged = await this.#dropDamagedSources();
      const durationMs = request.now() - startedAt;
      if ('reason' in ended) result = ended.reason;
      else if (ended.exit.outcome === 'done') result = await this.#finish({ durationMs, usage, damaged });
      else result = this.#unfinished(ended.exit);
    } catch (error) {
      const failure = systemFailure(error);
      if (failure === undefined) throw error;
      result = { outcome: 'failed', failures: [failure] };
    }
    if (result.outcome !== 'done') this.#leaveUnfinished();
    stream.emit({
      type: 'attempt-ended',
      task: task.id,
      attempt: this.#number,
      result,
      durationMs: request.now() - startedAt,
      ...(usage === undefined ? {} : { peakMemoryBytes: usage.peakMemoryBytes, usage }),
    });
    return result;
  }

  /** Waits for the end of what was started; the run, and the limits of the task, may end it. */
  async #ended(handle: TaskHandle): Promise<ProcessEnd> {
    const { request, halt } = this.#tools;
    const terminator = new TaskTerminator(handle, {
      interruption: halt,
      limits: this.#assignment.task.limits,
      graceMs: request.graceMs,
      lastSignOfLife: this.#watchLog(),
    });
    const eventsRead = this.#followEvents();
    const { usage, ...exit } = await handle.end;
    terminator.dispose();
    await eventsRead();
    const { reason } = terminator;
    return reason === undefined ? { usage, exit } : { usage, reason };
  }

  /** Shows the end of the log, and leaves no more on the disk than the next attempt can use: it may be full. */
  #leaveUnfinished(): void {
    try {
      this.#scratch.tidy(this.#keepsWork);
      this.#showLog();
    } catch (error) {
      if (systemFailure(error) === undefined) throw error;
    }
  }

  /** What a program tells of itself; of stages that are modules, for executors without a pipe. */
  get #eventsFile(): string {
    return join(this.#scratch.root, 'events.ndjson');
  }

  /** What an earlier attempt has left is read when nothing writes there any more. */
  async #takeUp(): Promise<void> {
    // Its runner, or its whole group, was killed: what it had started may go on.
    if (existsSync(this.#scratch.root)) await this.#tools.executor.endOrphan({ scratch: this.#scratch.work });
    if (this.#keepsWork) await this.#keepEvents();
  }

  /** Curves that a program has told are told again by the attempt that resumes. */
  async #keepEvents(): Promise<void> {
    if (!isProgram(this.#assignment.task) || !existsSync(this.#eventsFile)) return;
    const { keepCurves } = await import('./program-events.ts');
    const step = keepCurves(this.#eventsFile);
    if (step !== undefined) writeFileAtomic(checkpointFile(this.#scratch), String(step));
  }

  /** Hands on what a program tells of itself. Returns what is to be called when it has ended. */
  #followEvents(): () => Promise<void> {
    const { task } = this.#assignment;
    if (!isProgram(task)) return () => Promise.resolve();
    let events: Promise<ProgramEvents> | undefined;
    let trouble: { readonly error: unknown } | undefined;
    const open = async (): Promise<ProgramEvents> => {
      const { ProgramEvents } = await import('./program-events.ts');
      return new ProgramEvents(this.#eventsFile, {
        redact: (line) => redactIn(line, this.#secrets),
        onEvent: (event) => {
          if (event.type === 'checkpoint') writeFileAtomic(checkpointFile(this.#scratch), String(event.step));
          this.#onEvent(event);
        },
      });
    };
    const look = async (): Promise<void> => {
      if (events === undefined && !existsSync(this.#eventsFile)) return;
      events ??= open();
      (await events).read();
    };
    const timer = setInterval(() => {
      look().catch((error: unknown) => (trouble ??= { error }));
    }, lookForEventsMs);
    return async () => {
      clearInterval(timer);
      await look();
      (await events)?.end();
      if (trouble !== undefined) throw trouble.error;
    };
  }

  get #keepsWork(): boolean {
    return this.#assignment.task.kind.manifest.checkpoint === true;
  }

  #emitStarted(): void {
    const { task, key, document, reasons, cpus } = this.#assignment;
    const inputs = externalContents(task, document.inputs);
    const resumedFrom = readNumber(checkpointFile(this.#scratch));
    this.#tools.stream.emit({
      type: 'task-started',
      task: task.id,
      key,
      attempt: this.#number,
      reasons,
      ...(resumedFrom === undefined ? {} : { resumedFrom }),
      logFile: this.#logFile,
      cpus,
      gpus: this.#tools.grant.gpus,
      ...(inputs && { inputs }),
    });
  }

  #launch(): Launch {
    const { task, cpus, document } = this.#assignment;
    const { request, grant, lock, executor } = this.#tools;
    const command = commandOf(task, {
      variables: request.withheldVariables(task),
      gpus: grant.gpus.length > 0 ? 0 : executor.capacity.gpus.length,
    });
    const job = this.#job();
    const environment = request.workerEnvironment(task, { cpus, gpus: grant.gpus });
    const eventsFile = this.#eventsFile;
    if (!isProgram(task) || !this.#keepsWork) rmSync(eventsFile, { force: true });
    // Without a mark of its own, what a program keeps would be collected as of no use.
    else if (!existsSync(job.checkpointFile)) writeFileSync(job.checkpointFile, 'kept');
    return {
      job,
      command,
      eventsFile,
      environment: command
        ? { ...environment, [eventsVariable]: eventsFile, ...programVariables(job, command.text, this.#scratch.root) }
        : environment,
      workingFolder: command ? request.experiment.workspace : this.#scratch.work,
      secrets: this.#secrets,
      code: document.stage.code,
      onStarted: (id) => {
        lock.nameWorker(id);
      },
      onEvent: (event) => {
        this.#onEvent(event);
      },
    };
  }

  #job(): WorkerJob {
    const { task, document, cpus } = this.#assignment;
    const { cache } = this.#tools.request;
    return {
      entry: task.kind.entry,
      params: task.params,
      inputs: { ...inputPaths(task, cache, (id) => this.#sourceEntry(id)), ...this.#writeLineage() },
      outputs: this.#outputPaths(),
      scratch: this.#scratch.work,
      checkpointFile: checkpointFile(this.#scratch),
      // A seed that is not part of the key must not be there to be used.
      seed: document.seed ?? 0,
      // The same holds for an engine: nothing that can be loaded has this version.
      engine: document.engine ?? { name: 'cpu', version: 'none' },
      cpus,
      ...this.#ranks(),
      logFile: this.#logFile,
      // The log of a further job is opened by the worker, and secrets would go past us.
      isWarm: task.kind.manifest.warm === true && this.#secrets.length === 0,
    };
  }

  /** One process a graphics processor, unless the experiment has a number. */
  #ranks(): Pick<WorkerJob, 'ranks'> {
    const { resources, kind } = this.#assignment.task;
    const ranks = resources.ranks ?? this.#tools.grant.gpus.length;
    return kind.manifest.ranks === true && ranks > 1 ? { ranks } : {};
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
    return { [lineagePort]: path };
  }

  /** Events and lines in the log are signs of life; the log is written by the process itself, past us. */
  #watchLog(): () => number {
    const size = (): number => statSync(this.#logFile, { throwIfNoEntry: false })?.size ?? 0;
    let bytes = size();
    this.#lastSignOfLife = performance.now();
    return () => {
      const now = size();
      if (now !== bytes) this.#lastSignOfLife = performance.now();
      bytes = now;
      return this.#lastSignOfLife;
    };
  }

  #onEvent(event: StageEvent): void {
    this.#lastSignOfLife = performance.now();
    if (event.type === 'metric' && event.step === undefined) this.#figures.set(event.name, event.value);
    const shown = event.type === 'log' ? { ...event, message: redactIn(event.message, this.#secrets) } : event;
    this.#tools.stream.emit({ type: 'task-event', task: this.#assignment.task.id, event: shown });
  }

  #unfinished(exit: Exclude<ProcessExit, { outcome: 'done' }>): AttemptOutcome {
    // How a command ended is told in our own words.
    if (exit.outcome !== 'failed' || isProgram(this.#assignment.task)) return exit;
    return {
      outcome: 'failed',
      failures: namePathsIn(redactInFailures(exit.failures, this.#secrets), this.#pathNames),
    };
  }

  /** The results that it reads, as the run's folder calls them, and its own outputs by its name. */
  get #pathNames(): readonly PathName[] {
    const { cache, folder } = this.#tools.request;
    const { sources, task } = this.#assignment;
    return [
      ...sources.map((source): PathName => [
        join(cache.entryFolder(source.entry.key), 'outputs'),
        outputsLinkOf(folder, source.task),
      ]),
      [this.#scratch.outputs, task.id],
    ];
  }

  /** What becomes of the outputs of a process that ended well. */
  async #finish({ durationMs, usage, damaged }: Execution): Promise<AttemptOutcome> {
    const { request, lock, context } = this.#tools;
    const { task, key, document } = this.#assignment;
    try {
      const changed = damaged ?? (await this.#changedInput());
      if (changed !== undefined) return { outcome: 'input-changed', ...changed, kept: this.#setAside() };
      if (!lock.isOurs()) return { outcome: 'failed', failures: [failures.lockLost({})] };
      const { outputs } = task.kind.manifest;
      if (Object.values(outputs).some(({ kind }) => kind === 'figures')) await this.#readFigures();
      const facts: ExecutionFacts = {
        keyDocument: document,
        experiment: request.experiment.name,
        task: task.id,
        run: request.run,
        createdAt: new Date(request.now()).toISOString(),
        durationMs,
        peakMemoryBytes: usage?.peakMemoryBytes ?? null,
        engine: document.engine ?? null,
        figures: [...this.#figures].map(([name, value]) => ({ name, value })),
      };
      const { cache, isTrial } = request;
      context.remember(await (isTrial ? cache.tryOut(key, outputs, facts) : cache.publish(key, outputs, facts)));
      this.#scratch.remove();
      return { outcome: 'done' };
    } catch (error) {
      if (error instanceof FailureError)
        return { outcome: 'failed', failures: namePathsIn(error.failures, this.#pathNames) };
      throw error;
    }
  }

  /** Figures and curves that the task has left as files. */
  async #readFigures(): Promise<void> {
    const { eventsOfFigures } = await import('./figures-output.ts');
    const paths = this.#outputPaths();
    for (const [port, { kind }] of Object.entries(this.#assignment.task.kind.manifest.outputs)) {
      if (kind !== 'figures') continue;
      for (const event of eventsOfFigures(port, paths[port] ?? '')) this.#onEvent(event);
    }
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
    if (task.kind.manifest.references !== true) return undefined;
    const references = await this.#tools.context.referencesDigest(task, (id) => this.#sourceEntry(id)?.key);
    const isSame = references === document.inputs[referencesPort]?.[0];
    return isSame ? undefined : { path: 'a file that an input names' };
  }

  #sourceEntry(task: string): CacheEntry | undefined {
    return this.#assignment.sources.find((source) => source.task === task)?.entry;
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
   * others. They leave the cache however the attempt ended. One that is gone, or was made again, counts too: another
   * task has found the damage, and which tasks read it before is not known.
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

  /** Outputs that cannot be cached are kept with the run, to be looked at; returns where. */
  #setAside(): string {
    const kept = keptOutputsOf(this.#tools.request.folder, this.#assignment.task.id);
    makeOwnFolder(dirname(kept));
    removeTree(kept);
    renameSync(this.#scratch.outputs, kept);
    this.#scratch.remove();
    return kept;
  }

  #showLog(): void {
    const { id: task } = this.#assignment.task;
    for (const line of logTail(this.#logFile, shownLogLines, this.#logBegin)) {
      const text = `${namePaths(line, this.#pathNames)}\n`;
      this.#tools.stream.emit({ type: 'task-output', task, stream: 'stderr', text });
    }
  }
}

type InputChange = Pick<Extract<AttemptOutcome, { outcome: 'input-changed' }>, 'path' | 'resultOf'>;

type ProcessEnd = Pick<ProcessExit, 'usage'> & ({ readonly exit: ProcessExit } | { readonly reason: StopReason });

interface Execution {
  readonly durationMs: number;
  readonly usage: ProcessExit['usage'];
  /** A result it read that was changed meanwhile. */
  readonly damaged: InputChange | undefined;
}

/** What a stage that is a program runs. */
function commandOf(task: TaskSpec, unseen: Unseen): ShellCommand | undefined {
  const text = task.params['command'];
  if (!isProgram(task) || typeof text !== 'string') return undefined;
  return { text, shell: task.params['shell'] === 'bash' ? 'bash' : 'sh', unseen };
}

function isProgram({ kind }: TaskSpec): boolean {
  return kind.manifest.program === true;
}

/** What `NAME=value` in the environment of a process may have on Linux, with the byte that ends it. */
const maxVariableBytes = 131_072;

/**
 * A variable per port. The paths of a port that takes many are separated by newlines; `$<port>List` names a file with
 * them, for there may be more than a variable can hold: it is left out then, and a command that asks for it fails.
 */
function programVariables({ inputs, outputs, scratch }: WorkerJob, command: string, folder: string): Variables {
  const variables: Record<string, string> = {};
  for (const [port, paths] of Object.entries(inputs)) {
    if (typeof paths === 'string') variables[port] = paths;
    if (typeof paths !== 'object') continue;
    const list = `${port}List`;
    const text = paths.join('\n');
    const file = join(folder, `${port}.list`);
    writeFileSync(file, paths.map((path) => `${path}\n`).join(''));
    if (inputs[list] === undefined && outputs[list] === undefined) variables[list] = file;
    const bytes = Buffer.byteLength(`${port}=${text}`) + 1;
    if (bytes <= maxVariableBytes) variables[port] = text;
    else if (new RegExp(`\\$\\{?${port}\\b`).test(command)) fail(failures.variableTooLong({ port, bytes, list }));
  }
  return { scratch, ...variables, ...outputs };
}

type Variables = Readonly<Record<string, string>>;

function checkpointFile(scratch: ScratchFolder): string {
  return join(scratch.root, checkpointFileName);
}

function readNumber(path: string): number | undefined {
  if (!existsSync(path)) return undefined;
  const number = Number(readFileSync(path, 'utf8'));
  return Number.isSafeInteger(number) ? number : undefined;
}
