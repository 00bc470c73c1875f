import type { Digest } from '../base/digest.ts';
import type { EngineIdentity } from '../base/stage.ts';
import type { Experiment, TaskSpec } from '../spec/experiment.ts';
import type { Key, KeyDocument } from './key-document.ts';
import type { Reason } from './reason.ts';

/** Content digest of each output, by port. */
export type OutputDigests = Readonly<Record<string, Digest>>;

/** What a plan asks of the layers after it: the stat cache, the result cache, and the memory of past executions. */
export interface Knowledge {
  readonly engine: EngineIdentity;
  /** Digest of a file or folder given by its absolute path; throws a FailureError where there is none. */
  digestPath(path: string): Digest | Promise<Digest>;
  /** The whole result stored under a key. */
  find(key: Key): OutputDigests | undefined | Promise<OutputDigests | undefined>;
  /** The key document of the last execution of this task of this experiment. */
  previous(task: TaskSpec): KeyDocument | undefined | Promise<KeyDocument | undefined>;
  /** Digest of the lineage file of a task; `keys` holds the key of every task it depends on. */
  lineageDigest(task: TaskSpec, keys: ReadonlyMap<string, Key>): Digest | Promise<Digest>;
}

export type PlannedTask =
  | {
      readonly state: 'cached';
      readonly task: TaskSpec;
      readonly key: Key;
      readonly document: KeyDocument;
      readonly outputs: OutputDigests;
    }
  | {
      readonly state: 'run';
      readonly task: TaskSpec;
      readonly key: Key;
      readonly document: KeyDocument;
      readonly reasons: readonly Reason[];
    }
  /** Depends on a task that has to run first: whether it runs is known then. */
  | { readonly state: 'unknown'; readonly task: TaskSpec; readonly reasons: readonly Reason[] };

export interface Plan {
  readonly experiment: Experiment;
  /** In the order of `experiment.tasks`. */
  readonly tasks: readonly PlannedTask[];
}

/** Results so far: of each task that is cached or done its key and the digests of its outputs. */
export type Settled = ReadonlyMap<string, { readonly key: Key; readonly outputs: OutputDigests }>;

/** Says of every task whether it is known, has to run, or depends on one that has to run. Changes nothing. */
export function planExperiment(experiment: Experiment, knowledge: Knowledge): Promise<Plan> {
  throw new Error(`not there yet: ${experiment.name} ${knowledge.engine.name}`);
}

/** The same for one task, all of whose needs are settled (otherwise its state is `unknown`): what a run asks before each task. */
export function planTask(task: TaskSpec, settled: Settled, knowledge: Knowledge): Promise<PlannedTask> {
  throw new Error(`not there yet: ${task.id} ${String(settled.size)} ${knowledge.engine.name}`);
}
