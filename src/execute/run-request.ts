import type { EngineIdentity } from '../base/stage.ts';
import type { ResultCache } from '../cache/result-cache.ts';
import type { StatCache } from '../cache/stat-cache.ts';
import type { TaskLocks } from '../cache/task-locks.ts';
import type { Experiment, TaskSpec } from '../spec/experiment.ts';
import type { EventReader } from './event-stream.ts';
import type { Interruption } from './interruption.ts';

/** Everything a run needs. The command line wires it; nothing below it looks at the environment or the clock by itself. */
export interface RunRequest {
  readonly experiment: Experiment;
  /** Name of the run, and its folder (absolute, there already). */
  readonly run: string;
  readonly folder: string;
  readonly engine: EngineIdentity;
  readonly engineNotice?: string;
  readonly cache: ResultCache;
  readonly digests: StatCache;
  /** Opened when the first task has to run: a run that finds everything in the cache takes no lock. */
  readonly openLocks: () => TaskLocks;
  /** Tasks at the same time. */
  readonly jobs: number;
  /** Processors that tasks may occupy together. */
  readonly cpus: number;
  /** After a failure, go on with everything that does not depend on it. */
  readonly keepGoing: boolean;
  /** How long a worker may take to write its checkpoint when the run is stopped. */
  readonly graceMs: number;
  /** What the process of a task finds in its environment. */
  readonly workerEnvironment: (task: TaskSpec, cpus: number) => Readonly<Record<string, string>>;
  readonly interruption: Interruption;
  readonly readers: readonly EventReader[];
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}
