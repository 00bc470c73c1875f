import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { compiledModule } from '../../core/package-folder.ts';
import { outputStream, writeOutput } from './process-output.ts';
import { signalProcess, type Launch, type ProcessEnd, type TaskProcess } from './task-process.ts';
import type { WorkerMessage } from './worker-message.ts';

/** The parts of a process of execa that are used here. */
interface Subprocess {
  readonly pid?: number | undefined;
  readonly stdin: NodeJS.WritableStream;
}

/** What a worker does at the moment. */
interface Work {
  readonly launch: Launch;
  readonly end: (end: ProcessEnd) => void;
}

/** The process of stages that are modules, in a process group of its own. It has one job at a time. */
export class Worker {
  readonly #subprocess: Subprocess;
  #work: Work | undefined;
  /** What it reported before it ended. */
  #last: ProcessEnd | undefined;
  #isGone = false;

  /** Starts a worker in the environment, folder and log of a launch, which is then its first job. */
  static async start(launch: Launch): Promise<Worker> {
    // Importing execa takes 0.12 s, which a run that finds everything in the cache shall not pay.
    const { execa } = await import('execa');
    const worker = fileURLToPath(compiledModule('src/pipeline/execute/worker.ts'));
    const output = outputStream(launch);
    const subprocess = execa(process.execPath, ['--enable-source-maps', worker], {
      cwd: launch.workingFolder,
      env: { ...launch.environment },
      extendEnv: false,
      stdio: ['pipe', output, output, 'pipe'],
      detached: true,
      cleanup: false,
      buffer: false,
      reject: false,
    });
    const ended = Promise.all([subprocess, writeOutput(subprocess, launch)]).then(([end]) => end);
    return new Worker(subprocess, subprocess.stdio[3], ended);
  }

  private constructor(
    subprocess: Subprocess,
    messages: Readable,
    ended: PromiseLike<{ readonly exitCode?: number; readonly signal?: string }>,
  ) {
    this.#subprocess = subprocess;
    const reading = readMessages(messages, (message) => {
      this.#hear(message);
    });
    void Promise.all([ended, reading]).then(([{ exitCode, signal }]) => {
      this.#isGone = true;
      this.#end({ type: 'crashed', exitCode: exitCode ?? null, signal: signal ?? null, usage: undefined });
    });
    subprocess.stdin.on('error', () => undefined);
  }

  /** Whether it can be given another job. */
  get isIdle(): boolean {
    return !this.#isGone && this.#work === undefined;
  }

  run(launch: Launch): TaskProcess {
    const { pid } = this.#subprocess;
    const end = new Promise<ProcessEnd>((resolve) => {
      this.#work = { launch, end: resolve };
    });
    if (pid !== undefined) launch.onStarted(pid);
    this.#subprocess.stdin.write(`${JSON.stringify(launch.job)}\n`);
    return {
      pid,
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

  #hear(message: WorkerMessage): void {
    if (message.type === 'event') this.#work?.launch.onEvent(message.event);
    else if (this.#work?.launch.job.isWarm === true && message.result.outcome === 'done') {
      this.#end({ ...message, type: 'reported' });
    } else this.#last = { ...message, type: 'reported' };
  }

  #end(end: ProcessEnd): void {
    const work = this.#work;
    this.#work = undefined;
    work?.end(this.#last ?? end);
  }
}

async function readMessages(stream: Readable, onMessage: (message: WorkerMessage) => void): Promise<void> {
  for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) {
    const message = parseMessage(line);
    if (message !== undefined) onMessage(message);
  }
}

/** A line cut off by the death of the worker is no message. */
function parseMessage(line: string): WorkerMessage | undefined {
  try {
    return JSON.parse(line) as WorkerMessage;
  } catch {
    return undefined;
  }
}
