import type { Digest } from '../../core/digest.ts';
import type { EngineIdentity } from '../../core/engine-identity.ts';
import { lineagePort } from '../../stage-api/lineage.ts';
import { referencesPort } from '../../stage-api/references.ts';
import type { Experiment, TaskSpec } from '../experiment/experiment.ts';
import { compareKeys, type Reason } from './compare-keys.ts';
import { inputDigest, keyDocument, keyOf, type InputDigests, type Key, type KeyDocument } from './key-document.ts';

/** Content digest of each output, by port. */
export type OutputDigests = Readonly<Record<string, Digest>>;

/** What a plan asks of the layers after it: the stat cache, the result cache, and the memory of past executions. */
export interface PlanningContext {
  /** What the task computes tensors with; undefined if it does not. Throws a FailureError if it is unavailable. */
  engineOf(task: TaskSpec): EngineIdentity | undefined;
  /** Digest of a file or folder given by its absolute path; throws a FailureError if it does not exist. */
  digestPath(path: string): Digest | Promise<Digest>;
  /** The whole result stored under a key. */
  find(key: Key): OutputDigests | undefined | Promise<OutputDigests | undefined>;
  /** What is wrong with the result under a key, if `find` has met one that differs from what was stored. */
  damageOf?(key: Key): string | undefined;
  /** The key document of the last execution of this task of this experiment. */
  previous(task: TaskSpec): KeyDocument | undefined | Promise<KeyDocument | undefined>;
  /** How the last attempt at a task ended, in words; asked if no result of it is known. */
  lastAttempt?(task: TaskSpec): string | undefined;
  /**
   * What the command that a task has as the `version` of its program prints, or printed when it last ran; undefined if
   * that is not known. Throws a FailureError if the command fails.
   */
  programVersion?(command: string, task: TaskSpec): string | undefined | Promise<string | undefined>;
  /** Digest of the lineage file of a task; `keyOf` knows the key of every task it depends on. */
  lineageDigest(task: TaskSpec, keyOf: KeyOfTask): Digest | Promise<Digest>;
  /** Digest of the files that the content of a task's inputs names; undefined if it names none outside of them. */
  referencesDigest?(task: TaskSpec, keyOf: KeyOfTask): Promise<Digest | undefined>;
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

/** The key of a task that has a result, by the id of the task. */
export type KeyOfTask = (task: string) => Key | undefined;

/** Results so far: of each task that is cached or done its key and the digests of its outputs. */
export type Settled = ReadonlyMap<string, { readonly key: Key; readonly outputs: OutputDigests }>;

/** Decides of every task whether it is known, has to run, or depends on one that has to run. Changes nothing. */
export async function planExperiment(experiment: Experiment, context: PlanningContext): Promise<Plan> {
  const settled = new Map<string, { readonly key: Key; readonly outputs: OutputDigests }>();
  const tasks: PlannedTask[] = [];
  for (const task of experiment.tasks) {
    const planned = await planTask(task, settled, context);
    if (planned.state === 'cached') settled.set(task.id, planned);
    tasks.push(planned);
  }
  return { experiment, tasks };
}

/** The same for one task: what a run asks before each. `unknown` if a task it takes inputs from is not settled. */
export async function planTask(task: TaskSpec, settled: Settled, context: PlanningContext): Promise<PlannedTask> {
  const waitsFor = unsettledNeeds(task, settled);
  if (waitsFor.length > 0) {
    const upstream: Reason = { code: 'upstream', text: `waits for ${waitsFor.join(', ')}` };
    return { state: 'unknown', task, reasons: [upstream, ...(await ownReasons(task, context))] };
  }
  const inputs = await digestInputs(task, settled, context);
  const document = keyDocument(task, {
    inputs,
    engine: context.engineOf(task),
    program: await programOf(task, context),
    code: await stageCode(task, context),
  });
  const key = keyOf(document);
  const outputs = await context.find(key);
  if (outputs !== undefined) return { state: 'cached', task, key, document, outputs };
  const previous = await context.previous(task);
  return {
    state: 'run',
    task,
    key,
    document,
    reasons: reasonsOf(task, { previous, document, damage: context.damageOf?.(key) }, context),
  };
}

/** What has changed in a task whose inputs are not known yet. */
async function ownReasons(task: TaskSpec, context: PlanningContext): Promise<readonly Reason[]> {
  const previous = await context.previous(task);
  if (previous === undefined) return [];
  const program = await programOf(task, context);
  const code = await stageCode(task, context);
  const document = keyDocument(task, { inputs: previous.inputs, engine: context.engineOf(task), program, code });
  return compareKeys(previous, document, task);
}

interface Found {
  readonly previous: KeyDocument | undefined;
  readonly document: KeyDocument;
  readonly damage: string | undefined;
}

function reasonsOf(task: TaskSpec, { previous, document, damage }: Found, context: PlanningContext): readonly Reason[] {
  if (damage !== undefined) {
    return [{ code: 'cache-entry-damaged', text: `its result in the cache is damaged: ${damage}` }];
  }
  if (previous === undefined) {
    const ended = context.lastAttempt?.(task);
    if (ended === undefined) return [{ code: 'never-run', text: 'never run' }];
    return [{ code: 'never-finished', text: `no result yet; the last attempt: ${ended}` }];
  }
  const reasons = compareKeys(previous, document, task);
  if (reasons.length > 0) return reasons;
  return [{ code: 'cache-entry-lost', text: 'its result is no longer in the cache' }];
}

function unsettledNeeds(task: TaskSpec, settled: Settled): string[] {
  const needs = new Set<string>();
  for (const bindings of Object.values(task.inputs)) {
    for (const binding of bindings) {
      if (binding.type === 'output' && !settled.has(binding.task)) needs.add(binding.task);
    }
  }
  return [...needs];
}

async function digestInputs(task: TaskSpec, settled: Settled, context: PlanningContext): Promise<InputDigests> {
  const inputs: Record<string, readonly Digest[]> = {};
  for (const [port, bindings] of Object.entries(task.inputs)) {
    const digests: Digest[] = [];
    for (const binding of bindings) {
      digests.push(
        binding.type === 'path'
          ? await inputDigest(binding, (path) => context.digestPath(path))
          : digestOfOutput(binding, settled),
      );
    }
    inputs[port] = digests;
  }
  // A question, not a map of all: that would be built for each of ten thousand tasks.
  const keyOfTask: KeyOfTask = (id) => settled.get(id)?.key;
  if (task.kind.manifest.lineage === true) inputs[lineagePort] = [await context.lineageDigest(task, keyOfTask)];
  if (task.kind.manifest.references === true) {
    const digest = await context.referencesDigest?.(task, keyOfTask);
    if (digest !== undefined) inputs[referencesPort] = [digest];
  }
  return inputs;
}

/** The content of the folder of a stage of the user's own; the stages that come with the package have a version. */
async function stageCode({ kind }: TaskSpec, context: PlanningContext): Promise<Digest | undefined> {
  return kind.ownFolder === undefined ? undefined : await context.digestPath(kind.folder);
}

/** The command that prints the version of the program of a task. */
export function versionCommandOf({ kind, params }: TaskSpec): string | undefined {
  const command = kind.manifest.program === true ? params['version'] : undefined;
  return typeof command === 'string' ? command : undefined;
}

async function programOf(task: TaskSpec, context: PlanningContext): Promise<string | undefined> {
  const command = versionCommandOf(task);
  if (command === undefined) return undefined;
  if (context.programVersion === undefined)
    throw new Error('this context cannot run programs to ask for their version');
  return await context.programVersion(command, task);
}

function digestOfOutput(binding: { readonly task: string; readonly output: string }, settled: Settled): Digest {
  const digest = settled.get(binding.task)?.outputs[binding.output];
  if (digest === undefined) throw new Error(`the result of ${binding.task} has no output ${binding.output}`);
  return digest;
}
