import type { Failure } from '../../core/failure.ts';
import type { EngineIdentity } from '../../core/engine-identity.ts';
import type { InputPaths, OutputPaths, StageEvent } from '../../stage-api/stage.ts';

/**
 * What the runner writes to the worker's standard input: one line of JSON per job. The pipe then stays open while the
 * runner lives.
 */
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
  /** What the task prints goes here. The first job of a worker finds it opened. */
  readonly logFile: string;
  /** Wait for another job after this one, if it ends well. */
  readonly isWarm: boolean;
}

/** What a worker writes to file descriptor 3: newline-delimited JSON. */
export type WorkerMessage =
  | { readonly type: 'event'; readonly event: StageEvent }
  /** The last message of a job. Without it the worker crashed. */
  | { readonly type: 'ended'; readonly result: WorkerResult; readonly usage: Usage };

/** What a task's process has used. */
export interface Usage {
  readonly peakMemoryBytes: number;
  /** Processor time, all threads together. */
  readonly cpuMs: number;
  /** Read and written by system calls, whether a disk was asked or not. */
  readonly readBytes: number;
  readonly writtenBytes: number;
}

export type WorkerResult =
  | { readonly outcome: 'done' }
  | { readonly outcome: 'interrupted' }
  | { readonly outcome: 'failed'; readonly failures: readonly Failure[] };
