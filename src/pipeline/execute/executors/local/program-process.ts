import { processIds, processIo, processMemory, processStat } from '../../../../core/process-facts.ts';
import type { Launch, ProcessExit, TaskHandle, Usage } from '../../executor.ts';
import { failures } from '../../failures.ts';
import { MemoryWatch, signalProcess, TaskOutput } from './task-process.ts';

/**
 * What the shell runs before the command. It waits for the word to go, which comes when the process has been written
 * down; then it leaves a watcher in the process group, which kills the group when the runner is gone: its end of
 * the pipe is closed then, however it ended. It watches on when the group is asked to end, which the command may not
 * listen to.
 */
const prelude = [
  'read -r _ || exit 1',
  'exec 3<&0 </dev/null',
  "(trap '' TERM; while read -r _ <&3; do :; done; kill -9 0) &",
  'exec 3<&-',
  'exec /bin/sh -e -c "$0"',
].join('\n');

/** Starts the command of a stage that is a program; no process of ours is between it and the runner. */
export async function startProgram(launch: Launch, command: string): Promise<TaskHandle> {
  const { execa } = await import('execa');
  const output = new TaskOutput(launch);
  const memory = new MemoryWatch(launch);
  const subprocess = execa('/bin/sh', ['-c', prelude, command], {
    cwd: launch.workingFolder,
    env: { ...launch.environment },
    extendEnv: false,
    stdio: ['pipe', output.stdio, output.stdio],
    detached: true,
    cleanup: false,
    buffer: false,
    reject: false,
  });
  const { pid } = subprocess;
  const written = output.written(subprocess);
  if (pid !== undefined) launch.onStarted(String(pid));
  subprocess.stdin.on('error', () => undefined);
  subprocess.stdin.write('go\n');
  const signalGroup = (signal: NodeJS.Signals): void => {
    signalProcess(pid === undefined ? undefined : -pid, signal);
  };
  const meter = new GroupMeter(pid);
  subprocess.once('exit', () => {
    meter.stop();
    // What it has left in the background must not write to its outputs any more.
    signalGroup('SIGKILL');
    subprocess.stdin.end();
  });
  return {
    id: String(pid),
    end: Promise.all([subprocess, written]).then(([{ exitCode, signal }]) => {
      const exit = programExit(exitCode, signal, meter.usage());
      return memory.exitOf(exit, exitCode === killedExitCode ? 'SIGKILL' : signal);
    }),
    terminate: () => {
      signalGroup('SIGTERM');
    },
    kill: () => {
      signalGroup('SIGKILL');
    },
  };
}

/** What a shell ends with whose last command was ended by SIGKILL: 128 and the number of the signal. */
const killedExitCode = 137;

function programExit(exitCode: number | undefined, signal: string | undefined, usage: Usage | undefined): ProcessExit {
  if (exitCode === 0) return { outcome: 'done', usage };
  if (exitCode === undefined) return { outcome: 'crashed', exitCode: null, signal: signal ?? null, usage };
  return { outcome: 'failed', failures: [failures.commandFailed({ exitCode })], usage };
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
