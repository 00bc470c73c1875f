import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Writable } from 'node:stream';
import { processIds, processIo, processMemory, processStat } from '../../../../core/process-facts.ts';
import type { Executor, Launch, Orphan, ProcessExit, ShellCommand, TaskHandle, Usage } from '../../executor.ts';
import type { Capacity } from '../../slots.ts';
import { failures } from '../../failures.ts';
import {
  MemoryWatch,
  notStarted,
  programMark,
  StartError,
  startProcess,
  TaskOutput,
  TaskProcesses,
  workerMark,
} from './task-process.ts';
import { Worker } from './worker-process.ts';

/** A worker that had nothing to do for so long ends: others need what it holds in memory. */
const idleMs = 10_000;

interface Waiting {
  readonly worker: Worker;
  readonly timer: NodeJS.Timeout;
  /** As `CUDA_VISIBLE_DEVICES` names them; empty if it has none. */
  readonly gpus: string;
}

/**
 * Runs tasks as processes of this machine, which end with the runner. A stage that declares it (`warm`) leaves its worker
 * to the next task of the same stage with the same environment, which then need not load its libraries again; every
 * other task has a process of its own. The id of a task is that of its process.
 */
export class LocalExecutor implements Executor {
  readonly capacity: Capacity;
  readonly #idle = new Map<string, Waiting[]>();

  constructor(capacity: Capacity) {
    this.capacity = capacity;
  }

  start(launch: Launch): Promise<TaskHandle> {
    this.#freeGpusFor(launch);
    return launch.command === undefined ? this.#startJob(launch) : startProgram(launch, launch.command);
  }

  endOrphan({ id, scratch }: Orphan): Promise<void> {
    const leader = id === undefined ? undefined : Number(id);
    return new TaskProcesses(leader, [programMark(scratch), workerMark(scratch)]).end(() => false);
  }

  close(): void {
    for (const waiting of this.#idle.values()) dismissAll(waiting);
  }

  async #startJob(launch: Launch): Promise<TaskHandle> {
    const worker = (launch.job.isWarm ? this.#take(groupOf(launch)) : undefined) ?? (await Worker.start(launch));
    if (!(worker instanceof Worker)) return worker;
    if (!launch.job.isWarm) return worker.run(launch);
    const handle = worker.run(launch);
    return {
      ...handle,
      end: handle.end.then((exit) => {
        if (worker.isIdle) this.#keep(launch, worker);
        return exit;
      }),
    };
  }

  #take(group: string): Worker | undefined {
    const waiting = this.#idle.get(group) ?? [];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      clearTimeout(next.timer);
      if (next.worker.isIdle) return next.worker;
    }
    return undefined;
  }

  #keep(launch: Launch, worker: Worker): void {
    const group = groupOf(launch);
    const waiting = this.#idle.get(group) ?? [];
    const timer = setTimeout(() => {
      waiting.splice(
        waiting.findIndex((each) => each.worker === worker),
        1,
      );
      worker.dismiss();
    }, idleMs);
    this.#idle.set(group, waiting);
    waiting.push({ worker, timer, gpus: gpusOf(launch) });
  }

  /**
   * Makes room for a task of any kind: a worker that waits still holds memory of the graphics processors it was given,
   * which the task is given now.
   */
  #freeGpusFor(launch: Launch): void {
    if (gpusOf(launch) === '') return;
    for (const [group, waiting] of this.#idle) {
      if (group !== groupOf(launch) && waiting[0]?.gpus !== '') dismissAll(waiting);
    }
  }
}

/** Tasks of the same group may have the same worker; they have the same graphics processors too. */
function groupOf({ job: { entry, engine, cpus }, code, environment }: Launch): string {
  return JSON.stringify([entry, code, engine, cpus, environment]);
}

function gpusOf({ environment }: Launch): string {
  return environment['CUDA_VISIBLE_DEVICES'] ?? '';
}

function dismissAll(waiting: Waiting[]): void {
  for (const { worker, timer } of waiting.splice(0)) {
    clearTimeout(timer);
    worker.dismiss();
  }
}

/**
 * What the shell runs before the command. It waits for the word to go, which comes when the process has been written
 * down; then it leaves a watcher in the process group, which kills the group when the runner is gone: its end of
 * the pipe is closed then, however it ended. It watches on when the group is asked to end, which the command may not
 * listen to; the command starts when the watcher no longer listens either, which it says by closing its output, the end
 * of the substitution. Of Linux, it also finds what has left the group: it has the same $scratch.
 */
const prelude = [
  'read -r _ <&3 || exit 1',
  ": \"$({ trap '' HUP INT TERM; exec >/dev/null; while read -r _ <&3; do :; done",
  'read -r own _ </proc/self/stat',
  'for found in $(grep -lsxzFe "scratch=$scratch" /proc/[0-9]*/environ); do',
  'found=${found#/proc/}; found=${found%/environ}; [ "$found" = "$own" ] || kill -9 "$found"; done',
  'kill -9 0; } 2>/dev/null & )"',
  'exec 3<&-',
  'if [ "$1" = sh ]; then exec /bin/sh -eu -c "$0"; fi',
  'if [ "$1" = bash ]; then exec bash -eu -o pipefail -c "$0"; fi',
  // A pipeline fails if any part of it does, which dash has been able to tell since 0.5.13; bash is as near to it as it can be.
  'if (set -o pipefail) 2>/dev/null; then exec /bin/sh -eu -o pipefail -c "$0"; fi',
  'if command -v bash >/dev/null; then exec bash --posix -O xpg_echo -eu -o pipefail -c "$0"; fi',
  'echo "a pipeline needs a /bin/sh that knows pipefail (dash 0.5.13, for one), or bash" >&2; exit 127',
].join('\n');

/** How the prelude starts a command. */
function shellFor({ text, shell }: ShellCommand): string {
  if (shell === 'bash') return shell;
  return /(?:^|[^|])\|(?:[^|]|$)/.test(text) ? 'pipe' : shell;
}

/** Starts the command of a stage that is a program; no process of ours is between it and the runner. */
async function startProgram(launch: Launch, command: ShellCommand): Promise<TaskHandle> {
  const output = new TaskOutput(launch);
  const memory = new MemoryWatch(launch);
  const subprocess = await startProcess(
    '/bin/sh',
    ['-c', prelude, startable(launch, command.text), shellFor(command)],
    {
      cwd: launch.workingFolder,
      env: launch.environment,
      // The pipe of the watcher is not the standard input, which Node closes as soon as the leader has ended.
      stdio: ['ignore', output.stdio, output.stdio, 'pipe'],
    },
  );
  const written = output.follow(subprocess);
  if (subprocess instanceof StartError) return notStarted(subprocess);
  const { pid } = subprocess;
  const life = subprocess.stdio[3] as Writable;
  const marks = [programMark(launch.job.scratch)];
  const processes = new TaskProcesses(pid, marks, (each) => each !== pid && isWatcher(each));
  const exited = once(subprocess, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  try {
    launch.onStarted(String(pid));
  } catch (error) {
    processes.signal('SIGKILL');
    life.destroy();
    throw error;
  }
  life.on('error', () => undefined);
  life.write('go\n');
  const meter = new GroupMeter(pid);
  // Whether it may end in its own time what it does: it was asked to end, and not yet forced.
  let isPatient = false;
  const end = async (): Promise<ProcessExit> => {
    const [exitCode, signal] = await exited;
    await processes.end(() => isPatient);
    meter.stop();
    life.destroy();
    await written();
    const exit = programExit({ exitCode, signal }, command, meter.usage());
    return memory.exitOf(exit, exitCode === killedExitCode ? 'SIGKILL' : signal);
  };
  return {
    id: String(pid),
    end: end(),
    terminate: () => {
      isPatient = true;
      processes.signal('SIGTERM');
    },
    kill: () => {
      isPatient = false;
      processes.signal('SIGKILL');
    },
  };
}

/** An argument may have 128 KiB on Linux. */
const maxArgumentBytes = 131_071;

/** The command, or one that reads it from a file if it is too long to be given to a program. */
function startable({ eventsFile }: Launch, command: string): string {
  if (Buffer.byteLength(command) <= maxArgumentBytes) return command;
  const file = join(dirname(eventsFile), 'command.sh');
  writeFileSync(file, command);
  return `. '${file.replaceAll("'", `'\\''`)}'`;
}

/** The watcher is a copy of the shell that runs the prelude. */
function isWatcher(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[2] === prelude;
  } catch {
    return false;
  }
}

/** What a shell ends with whose last command was ended by SIGKILL: 128 and the number of the signal. */
const killedExitCode = 137;

function programExit(
  { exitCode, signal }: { readonly exitCode: number | null; readonly signal: string | null },
  { unseen }: ShellCommand,
  usage: Usage | undefined,
): ProcessExit {
  if (exitCode === 0) return { outcome: 'done', usage };
  if (exitCode === null) return { outcome: 'crashed', exitCode, signal, usage };
  return { outcome: 'failed', failures: [failures.commandFailed({ exitCode, unseen })], usage };
}

const sampleMs = 500;

/**
 * Measures a process group of foreign programs by looking at /proc now and then: the sum of the resident memory of its
 * members at each look, and their processor time and I/O as last seen. Short tasks are not measured.
 */
class GroupMeter {
  readonly #group: number | undefined;
  readonly #timer: NodeJS.Timeout;
  readonly #members = new Map<number, Omit<Usage, 'peakMemoryBytes'>>();
  #peakMemoryBytes = 0;

  constructor(group: number | undefined) {
    this.#group = group;
    this.#timer = setInterval(() => {
      this.#look();
    }, sampleMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  usage(): Usage | undefined {
    if (this.#peakMemoryBytes === 0) return undefined;
    const sum = (of: 'cpuMs' | 'readBytes' | 'writtenBytes'): number =>
      [...this.#members.values()].reduce((total, member) => total + member[of], 0);
    return {
      peakMemoryBytes: this.#peakMemoryBytes,
      cpuMs: sum('cpuMs'),
      readBytes: sum('readBytes'),
      writtenBytes: sum('writtenBytes'),
    };
  }

  #look(): void {
    let residentBytes = 0;
    for (const pid of processIds()) {
      const stat = processStat(pid);
      if (stat?.group !== this.#group || stat === undefined) continue;
      residentBytes += processMemory(pid).residentBytes ?? 0;
      this.#members.set(pid, { cpuMs: stat.cpuMs, ...processIo(pid) });
    }
    this.#peakMemoryBytes = Math.max(this.#peakMemoryBytes, residentBytes);
  }
}
