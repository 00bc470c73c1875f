import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { compiledModule } from '../../../../core/package-folder.ts';
import { parseMessage, type Launch, type ProcessExit, type TaskHandle, type WorkerMessage } from '../../executor.ts';
import { MemoryWatch, signalProcess, TaskOutput } from './task-process.ts';

/** The parts of a process of execa that are used here. */
interface Subprocess {
  readonly pid?: number | undefined;
  readonly stdin: NodeJS.WritableStream;
}

/** What a worker does at the moment. */
interface Work {
  readonly launch: Launch;
  readonly memory: MemoryWatch;
  readonly end: (exit: ProcessExit) => void;
}

/**
 * The process of stages that are modules (`worker.ts`), in a process group of its own. It has one job at a time. Jobs
 * are lines of JSON on its standard input, which stays open while the runner lives; messages come on descriptor 3.
 */
export class Worker {
  readonly #subprocess: Subprocess;
  #work: Work | undefined;
  /** What it reported before it ended. */
  #reported: ProcessExit | undefined;
  #isGone = false;

  /** Starts a worker in the environment, folder and log of a launch, which is then its first job. */
  static async start(launch: Launch): Promise<Worker> {
    // Importing execa takes 0.12 s, which a run that finds everything in the cache must not pay.
    const { execa } = await import('execa');
    const worker = fileURLToPath(compiledModule('src/pipeline/execute/worker.ts'));
    const output = new TaskOutput(launch);
    const subprocess = execa(process.execPath, ['--enable-source-maps', worker], {
      cwd: launch.workingFolder,
      env: { ...launch.environment },
      extendEnv: false,
      stdio: ['pipe', output.stdio, output.stdio, 'pipe'],
      detached: true,
      cleanup: false,
      buffer: false,
      reject: false,
    });
    // What a stage has left in the background must not write to its outputs any more.
    subprocess.once('exit', () => {
      signalProcess(subprocess.pid === undefined ? undefined : -subprocess.pid, 'SIGKILL');
    });
    const ended = Promise.all([subprocess, output.written(subprocess)]).then(([end]) => end);
    return new Worker(subprocess, subprocess.stdio[3], ended);
  }

  private constructor(
    subprocess: Subprocess,
    messages: Readable,
    ended: PromiseLike<{ readonly exitCode?: number; readonly signal?: string }>,
  ) {
    this.#subprocess = subprocess;
    void Promise.all([ended, this.#read(messages)]).then(([{ exitCode, signal }]) => {
      this.#isGone = true;
      const crashed = { outcome: 'crashed', exitCode: exitCode ?? null, signal: signal ?? null } as const;
      this.#end(this.#reported ?? crashed, signal);
    });
    subprocess.stdin.on('error', () => undefined);
  }

  /** Whether it can be given another job. */
  get isIdle(): boolean {
    return !this.#isGone && this.#work === undefined;
  }

  run(launch: Launch): TaskHandle {
    const { pid } = this.#subprocess;
    const end = new Promise<ProcessExit>((resolve) => {
      this.#work = { launch, memory: new MemoryWatch(launch), end: resolve };
    });
    if (pid !== undefined) launch.onStarted(String(pid));
    this.#subprocess.stdin.write(`${JSON.stringify(launch.job)}\n`);
    return {
      id: String(pid),
      end,
      terminate: () => {
        signalProcess(pid, 'SIGTERM');
      },
      kill: () => {
        signalProcess(pid === undefined ? undefined : -pid, 'SIGKILL');
      },
    };
  }

  /** Lets it end; it has no job. */
  dismiss(): void {
    this.#subprocess.stdin.end();
  }

  async #read(messages: Readable): Promise<void> {
    for await (const line of createInterface({ input: messages, crlfDelay: Infinity })) {
      const message = parseMessage(line);
      if (message !== undefined) this.#onMessage(message);
    }
  }

  #onMessage(message: WorkerMessage): void {
    if (message.type === 'event') this.#work?.launch.onEvent(message.event);
    else if (this.#work?.launch.job.isWarm === true && message.exit.outcome === 'done') this.#end(message.exit);
    // It ends by itself now: everything it has started has to be gone before the end is known.
    else this.#reported = message.exit;
  }

  #end(exit: ProcessExit, signal?: string): void {
    const work = this.#work;
    this.#work = undefined;
    work?.end(work.memory.exitOf(exit, signal));
  }
}
