import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { Readable } from 'node:stream';
import type { Launch, ProcessExit } from '../../executor.ts';
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

interface Streams {
  readonly stdout: unknown;
  readonly stderr: unknown;
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

  /** For the options of execa, whose types name only the descriptors 3 to 9; any will do. */
  get stdio(): 'pipe' | 3 {
    return this.#secrets.length > 0 ? 'pipe' : (this.#log as 3);
  }

  /** Writes what comes through us to the log, without the secrets. Resolves when nothing more can come. */
  async written({ stdout, stderr }: Streams): Promise<void> {
    try {
      const streams = [stdout, stderr].filter((stream) => stream instanceof Readable);
      await Promise.all(streams.map((stream) => this.#redact(stream)));
    } finally {
      closeSync(this.#log);
    }
  }

  async #redact(stream: Readable): Promise<void> {
    // Latin-1 maps every byte to one character and back, whatever is printed.
    const redactor = new Redactor(this.#secrets.map((secret) => Buffer.from(secret).toString('latin1')));
    const write = (text: string): void => void writeSync(this.#log, Buffer.from(text, 'latin1'));
    try {
      for await (const piece of stream) write(redactor.next((piece as Buffer).toString('latin1')));
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
  readonly #killsBefore = kernelKills();

  constructor({ job }: Launch) {
    this.#logFile = job.logFile;
  }

  /** @param signal what ended the process, or one within it */
  exitOf(exit: ProcessExit, signal: string | null | undefined): ProcessExit {
    if (exit.outcome === 'done' || exit.outcome === 'interrupted') return exit;
    const isKilledByKernel = signal === 'SIGKILL' && kernelKills() > this.#killsBefore;
    const isRefused = (): boolean =>
      logTail(this.#logFile, searchedLines).some((line) => outOfMemoryMessages.test(line));
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
