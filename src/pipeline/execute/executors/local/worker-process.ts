import { once } from 'node:events';
import { Readable, type Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { compiledModule } from '../../../../core/package-folder.ts';
import { parseMessage, type Launch, type ProcessExit, type TaskHandle, type WorkerMessage } from '../../executor.ts';
import {
  drained,
  MemoryWatch,
  notStarted,
  piecesOf,
  signalProcess,
  StartError,
  startProcess,
  TaskOutput,
  TaskProcesses,
  workerMark,
  workerVariable,
} from './task-process.ts';

/** A worker that has just been started. */
interface Started {
  readonly pid: number;
  readonly stdin: Writable;
  readonly processes: TaskProcesses;
  readonly messages: Readable;
  readonly ended: Promise<ProcessEnd>;
}

/** How a process ended, and everything it had started. */
interface ProcessEnd {
  readonly exitCode: number | null;
  readonly signal: string | null;
}

/** What a worker does at the moment. */
interface Work {
  readonly launch: Launch;
  readonly memory: MemoryWatch;
  readonly end: (exit: ProcessExit) => void;
}

/** How many this process has started: those that serve several tasks are marked by their number. */
let started = 0;

/**
 * The process of stages that are modules (`worker.ts`), in a process group of its own. It has one job at a time. Jobs
 * are lines of JSON on its standard input, which stays open while the runner lives; messages come on descriptor 3.
 */
export class Worker {
  readonly #pid: number;
  readonly #stdin: Writable;
  readonly #processes: TaskProcesses;
  #work: Work | undefined;
  /** What it reported before it ended. */
  #reported: ProcessExit | undefined;
  #isGone = false;

  /** Starts a worker in the environment, folder and log of a launch, which is then its first job. */
  static async start(launch: Launch): Promise<Worker | TaskHandle> {
    const worker = fileURLToPath(compiledModule('src/pipeline/execute/worker.ts'));
    const output = new TaskOutput(launch);
    const { job } = launch;
    // Of one task, so that the next runner knows it too, should we be killed.
    const served = job.isWarm ? `${process.pid}-${started}` : job.scratch;
    started += 1;
    const subprocess = await startProcess(process.execPath, ['--enable-source-maps', worker], {
      cwd: launch.workingFolder,
      env: { ...launch.environment, [workerVariable]: served },
      stdio: ['pipe', output.stdio, output.stdio, 'pipe'],
    });
    const written = output.follow(subprocess);
    if (subprocess instanceof StartError) return notStarted(subprocess);
    const { pid } = subprocess;
    const processes = new TaskProcesses(pid, [workerMark(served)]);
    const exited = once(subprocess, 'exit') as Promise<[number | null, string | null]>;
    const ended = exited.then(async ([exitCode, signal]) => {
      // What a stage has left in the background must not write to its outputs any more.
      await processes.end(() => false);
      await written();
      return { exitCode, signal };
    });
    const [stdin, , , messages] = subprocess.stdio;
    if (stdin === null || !(messages instanceof Readable)) throw new Error('a worker was started without its pipes');
    return new Worker({ pid, stdin, processes, messages, ended });
  }

  private constructor({ pid, stdin, processes, messages, ended }: Started) {
    this.#pid = pid;
    this.#stdin = stdin;
    this.#processes = processes;
    const read = this.#read(messages);
    void ended.then(async ({ exitCode, signal }) => {
      await drained([messages], read);
      this.#isGone = true;
      const crashed = { outcome: 'crashed', exitCode, signal } as const;
      this.#end(this.#reported ?? crashed, signal);
    });
    stdin.on('error', () => undefined);
  }

  /** Whether it can be given another job. */
  get isIdle(): boolean {
    return !this.#isGone && this.#work === undefined;
  }

  run(launch: Launch): TaskHandle {
    const pid = this.#pid;
    const end = new Promise<ProcessExit>((resolve) => {
      this.#work = { launch, memory: new MemoryWatch(launch), end: resolve };
    });
    try {
      launch.onStarted(String(pid));
    } catch (error) {
      this.#processes.signal('SIGKILL');
      throw error;
    }
    this.#stdin.write(`${JSON.stringify(launch.job)}\n`);
    return {
      id: String(pid),
      end,
      terminate: () => {
        signalProcess(pid, 'SIGTERM');
      },
      kill: () => {
        this.#processes.signal('SIGKILL');
      },
    };
  }

  /** Lets it end; it has no job. */
  dismiss(): void {
    this.#stdin.end();
  }

  async #read(messages: Readable): Promise<void> {
    for await (const line of linesOf(messages)) {
      const message = parseMessage(line);
      if (message !== undefined) this.#onMessage(message);
    }
  }

  #onMessage(message: WorkerMessage): void {
    if (message.type === 'event') this.#work?.launch.onEvent(message.event);
    else if (this.#work?.launch.job.isWarm === true && message.exit.outcome === 'done') {
      void this.#processes.endAllButLeader().then(() => {
        this.#end(message.exit);
      });
    }
    // It ends by itself now: everything it has started has to be gone before the end is known.
    else this.#reported = message.exit;
  }

  #end(exit: ProcessExit, signal?: string | null): void {
    const work = this.#work;
    this.#work = undefined;
    work?.end(work.memory.exitOf(exit, signal));
  }
}

/** The lines of a stream until it ends or is destroyed. */
async function* linesOf(stream: Readable): AsyncGenerator<string> {
  let held = Buffer.alloc(0);
  for await (const piece of piecesOf(stream)) {
    held = Buffer.concat([held, piece]);
    for (let end = held.indexOf(0x0a); end >= 0; end = held.indexOf(0x0a)) {
      yield held.toString('utf8', 0, end);
      held = held.subarray(end + 1);
    }
  }
  if (held.length > 0) yield held.toString('utf8');
}
