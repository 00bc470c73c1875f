import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasEnded, processIds, processStat, readIfThere } from '../../../../core/process-facts.ts';
import type { Launch, ProcessExit, TaskHandle } from '../../executor.ts';
import { failures } from '../../failures.ts';
import { Redactor } from '../../redact.ts';
import { logTail } from '../../run-files.ts';

/** Sends a signal to a process, or to a process group (negative); nothing if it has ended. */
export function signalProcess(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}

/** A process that runs, in a process group of its own. */
export type StartedProcess = ChildProcess & { readonly pid: number };

/** Why the system did not start a process. */
export class StartError {
  readonly error: NodeJS.ErrnoException;

  constructor(error: NodeJS.ErrnoException) {
    this.error = error;
  }
}

export type ProcessSettings = Required<Pick<SpawnOptions, 'cwd' | 'stdio'>> & { readonly env: Launch['environment'] };

/** Starts a program in a process group of its own. */
export async function startProcess(
  program: string,
  parameters: readonly string[],
  settings: ProcessSettings,
): Promise<StartedProcess | StartError> {
  // Loaded when needed: a run that finds everything in the cache starts nothing.
  const { spawn } = await import('node:child_process');
  try {
    const subprocess = spawn(program, parameters, { ...settings, env: { ...settings.env }, detached: true });
    if (subprocess.pid !== undefined) return subprocess as StartedProcess;
    const [error] = (await once(subprocess, 'error').catch((reason: unknown) => [reason])) as [NodeJS.ErrnoException];
    return new StartError(error);
  } catch (error) {
    return new StartError(error as NodeJS.ErrnoException);
  }
}

/** A task whose process the system did not start. */
export function notStarted({ error: { code = 'unknown', message } }: StartError): TaskHandle {
  const failure = failures.notStarted({ code, reason: message });
  return {
    id: '',
    end: Promise.resolve({ outcome: 'failed', failures: [failure] }),
    terminate: () => undefined,
    kill: () => undefined,
  };
}

/** Between two looks at what is left of a task: at first, and at most. */
const lookAgainMs = { first: 1, most: 50 };

/**
 * Everything a task has started: the process group of its leader, and what has left that (`setsid`, `timeout`) but kept
 * the variable of its environment that marks it. A task has ended when none of it is left: until then it can write to
 * its outputs.
 */
export class TaskProcesses {
  readonly #leader: number | undefined;
  readonly #marks: readonly string[];
  readonly #isWatcher: (pid: number) => boolean;

  /**
   * @param leader of its group; undefined if it is not known
   * @param marks `NAME=value` as no other task has it in its environment; one of them is enough
   * @param isWatcher whether a process is ours, and ends by itself when nothing else is left
   */
  constructor(leader: number | undefined, marks: readonly string[], isWatcher: (pid: number) => boolean = () => false) {
    this.#leader = leader;
    this.#marks = marks;
    this.#isWatcher = isWatcher;
  }

  signal(signal: NodeJS.Signals): void {
    if (this.#leader !== undefined) signalProcess(-this.#leader, signal);
    for (const pid of this.#members()) if (!this.#isInGroup(pid)) signalProcess(pid, signal);
  }

  /** Whether anything but the watcher runs. */
  get isWorking(): boolean {
    return this.#members().some((pid) => !this.#isWatcher(pid));
  }

  /**
   * Resolves when the task has ended, to be called when its leader has.
   * @param isPatient whether what is left may end by itself; otherwise it is killed
   */
  async end(isPatient: () => boolean): Promise<void> {
    for (let waitMs = lookAgainMs.first; ; waitMs = Math.min(2 * waitMs, lookAgainMs.most)) {
      if (!isPatient() || !this.isWorking) {
        this.signal('SIGKILL');
        if (this.#isGone()) return;
      }
      await sleep(waitMs);
    }
  }

  /** Ends what one job of a process that goes on has left. */
  async endAllButLeader(): Promise<void> {
    for (;;) {
      const left = this.#members().filter((pid) => pid !== this.#leader);
      if (left.length === 0) return;
      for (const pid of left) signalProcess(pid, 'SIGKILL');
      await sleep(lookAgainMs.first);
    }
  }

  #isGone(): boolean {
    if (this.#members().length > 0) return false;
    return this.#leader === undefined || processIds().length > 0 || !groupTakesSignals(this.#leader);
  }

  #isInGroup(pid: number): boolean {
    return processStat(pid)?.group === this.#leader;
  }

  /** Those that have not ended; none without /proc. */
  #members(): number[] {
    return processIds().filter((pid) => {
      const stat = processStat(pid);
      if (stat === undefined || hasEnded(stat) || pid === process.pid) return false;
      if (stat.group === this.#leader) return true;
      const environment = readIfThere(`/proc/${pid}/environ`).split('\0');
      return this.#marks.some((mark) => environment.includes(mark));
    });
  }
}

function groupTakesSignals(leader: number): boolean {
  try {
    return process.kill(-leader, 0);
  } catch {
    return false;
  }
}

/** Marks what a program has started. */
export const programMark = (scratch: string): string => `scratch=${scratch}`;

/** The variable that marks a worker, and what it has started. */
export const workerVariable = 'FLOW_WORKER';

/** Marks a worker for tasks that write to one scratch folder. */
export const workerMark = (scratch: string): string => `${workerVariable}=${scratch}`;

/** How long a pipe of a task that has ended stays open for a process that holds it and is not known to be part of it. */
const lingerMs = 500;

/** Reads pipes of a task to their end, or for a moment after the task has ended. */
export async function drained(pipes: readonly Readable[], read: Promise<unknown>): Promise<void> {
  const timer = setTimeout(() => {
    for (const pipe of pipes) pipe.destroy();
  }, lingerMs);
  try {
    await read;
  } finally {
    clearTimeout(timer);
  }
}

/** The pieces of a stream until it ends or is destroyed. */
export async function* piecesOf(stream: Readable): AsyncGenerator<Buffer> {
  try {
    for await (const piece of stream) yield piece as Buffer;
  } catch (error) {
    if (!stream.destroyed) throw error;
  }
}

/**
 * What the standard output and error of a task are: its log itself, past us. Only if it knows a secret they come
 * through us, since no secret may be in the log, however the runner ends.
 */
export class TaskOutput {
  readonly #log: number;
  readonly #secrets: readonly string[];

  constructor({ job, secrets }: Launch) {
    this.#log = openSync(job.logFile, 'a');
    this.#secrets = secrets;
  }

  get stdio(): 'pipe' | number {
    return this.#secrets.length > 0 ? 'pipe' : this.#log;
  }

  /** Writes what comes through us to the log, without the secrets. Returns what waits for the end of it, once the task has ended. */
  follow(started: StartedProcess | StartError): () => Promise<void> {
    const pipes = started instanceof StartError ? [] : [started.stdout, started.stderr];
    const streams = pipes.filter((stream) => stream !== null);
    const written = Promise.all(streams.map((stream) => this.#redact(stream))).finally(() => {
      closeSync(this.#log);
    });
    return () => drained(streams, written);
  }

  async #redact(stream: Readable): Promise<void> {
    // Latin-1 maps every byte to one character and back, whatever is printed.
    const redactor = new Redactor(this.#secrets.map((secret) => Buffer.from(secret).toString('latin1')));
    const write = (text: string): void => void writeSync(this.#log, Buffer.from(text, 'latin1'));
    try {
      for await (const piece of piecesOf(stream)) write(redactor.next(piece.toString('latin1')));
    } finally {
      write(redactor.last());
    }
  }
}

/** What V8, the C++ library and TensorFlow print when they are refused memory. */
const outOfMemoryMessages =
  /JavaScript heap out of memory|Allocation failed - JavaScript|std::bad_alloc|OOM when allocating/;
/** Lines of the log in which they are looked for. */
const searchedLines = 20;

/** Tells whether a process that did not end well ran out of memory: killed by the kernel, or by itself with a known message. */
export class MemoryWatch {
  readonly #logFile: string;
  /** Where what the process prints begins in the log. */
  readonly #begin: number;
  readonly #killsBefore = kernelKills();

  constructor({ job }: Launch) {
    this.#logFile = job.logFile;
    this.#begin = statSync(job.logFile).size;
  }

  /** @param signal what ended the process, or one within it */
  exitOf(exit: ProcessExit, signal: string | null | undefined): ProcessExit {
    if (exit.outcome === 'done' || exit.outcome === 'interrupted') return exit;
    const isKilledByKernel = signal === 'SIGKILL' && kernelKills() > this.#killsBefore;
    const isRefused = (): boolean =>
      logTail(this.#logFile, searchedLines, this.#begin).some((line) => outOfMemoryMessages.test(line));
    return isKilledByKernel || isRefused() ? { outcome: 'out-of-memory', usage: exit.usage } : exit;
  }
}

/** How often the kernel has killed a process to free memory: the counters of the machine and of our control group. */
function kernelKills(): number {
  const counter = (path: string): number => {
    try {
      return Number(/^oom_kill (\d+)$/m.exec(readFileSync(path, 'utf8'))?.[1] ?? 0);
    } catch {
      return 0;
    }
  };
  return counter('/proc/vmstat') + counter('/sys/fs/cgroup/memory.events');
}
