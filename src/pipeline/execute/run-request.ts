import type { ResultCache } from '../cache/result-cache.ts';
import type { ContentDigester } from '../cache/stat-cache.ts';
import type { TaskLocks } from '../cache/task-locks.ts';
import type { Experiment, TaskSpec } from '../experiment/experiment.ts';
import type { EventReader, RunEngines } from './event.ts';
import type { Executor } from './executor.ts';
import type { Interruption } from './interruption.ts';

/**
 * What a failure means for the rest: `finish` what runs and start nothing more, `stop` what runs too, or `go-on` with
 * everything that does not depend on it.
 */
export type AfterFailure = 'finish' | 'stop' | 'go-on';

/** The part of the machine that a task was given. */
export interface Share {
  readonly cpus: number;
  readonly gpus: readonly string[];
}

/** Everything a run needs. The command line wires it; nothing below it looks at the environment or the clock by itself. */
export interface RunRequest {
  readonly experiment: Experiment;
  /** Name of the run, and its folder (absolute, there already). */
  readonly run: string;
  readonly folder: string;
  /** What the tasks compute tensors with: shown in the first lines. */
  readonly engines: RunEngines;
  readonly cache: ResultCache;
  readonly digests: ContentDigester;
  /** Opened when the first task has to run: a run that finds everything in the cache takes no lock, and starts nothing. */
  readonly openLocks: () => Promise<TaskLocks>;
  readonly openExecutor: () => Promise<Executor>;
  readonly afterFailure: AfterFailure;
  /** Attempts after the first, for tasks that do not declare it themselves. */
  readonly retries: number;
  /** How long a task may take to write its checkpoint and end when it is stopped. */
  readonly graceMs: number;
  /** How long a task took the last time; undefined if it was never run. */
  readonly lastDurationMs: (task: TaskSpec) => number | undefined;
  /** What the process of a task finds in its environment. */
  readonly workerEnvironment: (task: TaskSpec, share: Share) => Readonly<Record<string, string>>;
  /** Variables that programs often need, and that are set and not passed on to a task. */
  readonly withheldVariables: (task: TaskSpec) => readonly string[];
  /** Run tasks only to see what they produce: digest it, and store nothing. */
  readonly isTrial: boolean;
  readonly interruption: Interruption;
  readonly readers: readonly EventReader[];
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}
