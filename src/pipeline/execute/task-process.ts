import type { StageEvent } from '../../stage-api/stage.ts';
import type { Usage, WorkerJob, WorkerResult } from './worker-message.ts';

export interface Launch {
  readonly job: WorkerJob;
  /** Digest of the code of a stage of the user's own: a worker that has loaded other code is no worker for it. */
  readonly code: string | undefined;
  readonly environment: Readonly<Record<string, string>>;
  readonly workingFolder: string;
  /** An open file that takes what the process prints. */
  readonly logDescriptor: number;
  /** What must not stand in it. */
  readonly secrets: readonly string[];
  /** Called before the job is handed over: what must be written down about the process is written down first. */
  onStarted(pid: number): void;
  onEvent(event: StageEvent): void;
}

export type ProcessEnd =
  | {
      readonly type: 'reported';
      readonly result: WorkerResult;
      readonly usage: Usage | undefined;
      /** The signal that ended a process within it, as far as a shell tells. */
      readonly innerSignal?: 'SIGKILL';
    }
  | {
      readonly type: 'crashed';
      readonly exitCode: number | null;
      readonly signal: string | null;
      readonly usage: Usage | undefined;
    };

/** The running process of a task: to be waited for, or stopped. */
export interface TaskProcess {
  readonly pid: number | undefined;
  readonly end: Promise<ProcessEnd>;
  /** Asks it to write a checkpoint, if it has one to write, and to end. */
  terminate(): void;
  /** Ends it and everything it has started. */
  kill(): void;
}

export function signalProcess(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}
