import type { EngineIdentity } from '../../core/engine-identity.ts';
import type { Failure } from '../../core/failure.ts';
import type { InputPaths, OutputPaths, StageEvent } from '../../stage-api/stage.ts';
import type { Capacity } from './slots.ts';

/**
 * Where tasks run: processes of this machine (`executors/local/`), or the jobs of a batch scheduler on other hosts. It
 * knows files, commands and signals, but neither experiments nor the cache.
 * `test/pipeline/execute/executor-suite.ts` is the test that each implementation registers with.
 */
export interface Executor {
  /** What its tasks share. */
  readonly capacity: Capacity;
  /** Starts a task; resolves when the executor has it, which need not mean that it runs already. */
  start(launch: Launch): Promise<TaskHandle>;
  /**
   * Ends what is left of an earlier attempt, such as that of a runner that was killed, with everything it has started:
   * before another one writes where it writes.
   */
  endOrphan(orphan: Orphan): void | Promise<void>;
  /** Lets go of what it keeps for further tasks. Called when none runs. */
  close(): void | Promise<void>;
}

/** What may be left of an attempt. */
export interface Orphan {
  /** The id its handle had; undefined if that is not known. */
  readonly id?: string;
  /** `job.scratch` of its launch. */
  readonly scratch: string;
}

/** A task that an executor has. */
export interface TaskHandle {
  /** Names it for its executor, also after the runner has ended: a process, the job of a scheduler. */
  readonly id: string;
  /** How it ended; it and everything it has started are gone then. */
  readonly end: Promise<ProcessExit>;
  /** Asks it to write a checkpoint, if it has one to write, and to end: SIGTERM for its process. */
  terminate(): void;
  /** Ends it and everything it has started. */
  kill(): void;
}

/**
 * What an executor is given to start one task. Everything that outlives a process is a file with an absolute path: a job
 * on another host writes its log and its events there, and the runner reads them.
 */
export interface Launch {
  /** What a worker is to do; its scratch and output folders exist. */
  readonly job: WorkerJob;
  /** Of a stage that is a program: what a shell runs instead of a worker. Its exit code is its result. */
  readonly command: ShellCommand | undefined;
  /**
   * For executors without a pipe to their tasks: `worker.ts JOB EVENTS` reads its job from one file and appends its
   * messages to another. The file does not exist before the task starts.
   */
  readonly eventsFile: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly workingFolder: string;
  /** What must never be in the log (`job.logFile`), which takes what the task prints and exists already. */
  readonly secrets: readonly string[];
  /** Digest of the code of a stage of the user's own: a worker that has loaded other code cannot do the job. */
  readonly code: string | undefined;
  /** Called with the id of the handle before the task can do anything: it is written down first. */
  onStarted(id: string): void;
  onEvent(event: StageEvent): void;
}

/** A command that stops at the first part that fails, or that names a variable that is not set. */
export interface ShellCommand {
  readonly text: string;
  /** In both, a pipeline fails if any part of it does. */
  readonly shell: 'sh' | 'bash';
  readonly unseen: Unseen;
}

/** What the user's own shell has and a command does not see: told if it fails, since it may be why. */
export interface Unseen {
  /** Variables that programs often need, and that are set and not passed on. */
  readonly variables: readonly string[];
  /** Graphics processors of the machine, if the task was given none of them. */
  readonly gpus: number;
}

/** How the process of a task ended, as its executor reports it. What that means for the task: `AttemptOutcome`. */
export type ProcessExit = { readonly usage?: Usage | undefined } & (
  | { readonly outcome: 'done' }
  /** It was asked to end and did so in order. */
  | { readonly outcome: 'interrupted' }
  | { readonly outcome: 'failed'; readonly failures: readonly Failure[] }
  /** It ended without a result. Both are null if nothing is known, such as of a job that was lost. */
  | { readonly outcome: 'crashed'; readonly exitCode: number | null; readonly signal: string | null }
  | { readonly outcome: 'out-of-memory' }
);

/** What the process of a task has used. */
export interface Usage {
  readonly peakMemoryBytes: number;
  /** Processor time, all threads together. */
  readonly cpuMs: number;
  /** Read and written by system calls, whether a disk was asked or not. */
  readonly readBytes: number;
  readonly writtenBytes: number;
}

/** What a worker (`worker.ts`) is to do. */
export interface WorkerJob {
  /** Absolute path of the module that exports `run`. */
  readonly entry: string;
  readonly params: unknown;
  readonly inputs: InputPaths;
  readonly outputs: OutputPaths;
  readonly scratch: string;
  /** Takes the step of each checkpoint: written by the worker, so that it is there also when the runner is killed. */
  readonly checkpointFile: string;
  readonly seed: number;
  readonly engine: EngineIdentity;
  readonly cpus: number;
  /** How many processes are to share the work; absent: one. */
  readonly ranks?: number;
  /** What the task prints is appended to this file. */
  readonly logFile: string;
  /** Whether the worker may do another job after this one, if it ends well. */
  readonly isWarm: boolean;
}

/** What a worker writes, a line of JSON each: to file descriptor 3, or to the events file it was given. */
export type WorkerMessage =
  | { readonly type: 'event'; readonly event: StageEvent }
  /** The last message of a job. Without it the worker crashed. */
  | { readonly type: 'ended'; readonly exit: ProcessExit };

/** A line of a worker as a message; undefined if it was cut off by the death of the worker. */
export function parseMessage(line: string): WorkerMessage | undefined {
  try {
    return JSON.parse(line) as WorkerMessage;
  } catch {
    return undefined;
  }
}
