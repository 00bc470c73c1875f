import { statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Json } from '../../core/digest.ts';
import type { EngineIdentity } from '../../core/engine-identity.ts';
import { readIfThere, type ProcessIdentity } from '../../core/process-facts.ts';
import type { EngineUse } from '../execute/event.ts';
import type { Experiment } from '../experiment/experiment.ts';
import type { SelectionRequest } from '../plan/select-tasks.ts';

/** The machine and the programs a run ran with. */
export interface MachineFacts {
  readonly host: string;
  readonly platform: string;
  readonly cpu: string;
  /** Instruction sets that libraries choose their kernels by. */
  readonly cpuFlags?: readonly string[];
  /** Graphics processors and the version of their driver. */
  readonly gpus?: readonly string[];
  readonly gpuDriver?: string;
  /** Processors the run may use. */
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly node: string;
  readonly faceflow: string;
  /** Versions of the packages that results depend on. */
  readonly packages: Readonly<Record<string, string>>;
}

/** What the user asked for, from which the run can be repeated. */
export interface RunCall {
  readonly file: string;
  readonly overrides: readonly string[];
  readonly overrideFiles: readonly string[];
  readonly profile: string | null;
  /** The part of the experiment that was asked for; absent if it was all of it, and in the records of earlier runs. */
  readonly selection?: SelectionRequest;
}

/** The content of run.json at the start of a run; `end` is filled in when it has ended. */
export interface RunFacts {
  readonly format: 'faceflow-run';
  readonly version: 1;
  readonly id: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly call: RunCall;
  readonly runner: ProcessIdentity;
  readonly machine: MachineFacts;
  /** Variables of the environment that the programs of the run were given; absent in the records of earlier runs. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Commit of the workspace's git repository; null outside of repositories. */
  readonly gitCommit: string | null;
  /** The first of `engines`; what would compute if no task computes tensors. */
  readonly engine: EngineIdentity;
  /** What the tasks compute tensors with; absent in the records of runs that had but one. */
  readonly engines?: readonly EngineUse[];
  readonly engineNotice: string | null;
  readonly experiment: RecordedExperiment;
  readonly end?: {
    readonly endedAt: string;
    readonly outcome: string;
    readonly counts: Readonly<Record<string, number>>;
    readonly figures: readonly { readonly task: string; readonly name: string; readonly value: number }[];
  };
}

export interface RecordedExperiment {
  readonly name: string;
  readonly summary: string;
  readonly file: string;
  readonly workspace: string;
  /** The file as it was. */
  readonly text: string;
  /** The files laid under or over it as they were, by absolute path. */
  readonly sources?: Readonly<Record<string, string>>;
  readonly params: Readonly<Record<string, Json>>;
  readonly tasks: readonly {
    readonly id: string;
    readonly stage: string;
    readonly kind: string;
    readonly kindVersion: number;
    readonly params: Readonly<Record<string, Json>>;
    /** By port: a path as written, or `task:output`. */
    readonly inputs: Readonly<Record<string, readonly string[]>>;
    readonly seed: number;
    /** Declared variables; secrets without their value. */
    readonly environment?: Readonly<Record<string, string>>;
  }[];
}

/** `tensorflow 2.21.0-cpu (train), onnxruntime 1.30.0-cpu (verify)`. */
export function enginesText({ engine, engines = [] }: Pick<RunFacts, 'engine' | 'engines'>): string {
  const uses = engines.length > 0 ? engines : [{ engine, stages: [] }];
  return uses
    .map(({ engine: { name, version }, stages }) =>
      uses.length > 1 ? `${name} ${version} (${stages.join(', ')})` : `${name} ${version}`,
    )
    .join(', ');
}

/** The experiment as it was resolved, without positions. */
export function recordedExperiment(experiment: Experiment): RecordedExperiment {
  const { name, summary, file, workspace, params } = experiment;
  const sources = new Map(experiment.sources);
  const text = sources.get(file) ?? '';
  sources.delete(file);
  const tasks = experiment.tasks.map((task) => ({
    id: task.id,
    stage: task.stage,
    kind: task.kind.manifest.name,
    kindVersion: task.kind.manifest.version,
    params: task.params,
    inputs: Object.fromEntries(
      Object.entries(task.inputs).map(([port, bindings]) => [
        port,
        bindings.map((each) => (each.type === 'path' ? each.written : `${each.task}:${each.output}`)),
      ]),
    ),
    seed: task.seed,
    environment: Object.fromEntries(
      Object.entries(task.environment).map(([name, { value, secret }]) => [name, secret ? '(secret)' : value]),
    ),
  }));
  return { name, summary, file, workspace, text, sources: Object.fromEntries(sources), params, tasks };
}

/**
 * The commit that is checked out in the repository that a folder is in; null outside of repositories. Reads the files of git
 * (gitrepository-layout(5)) instead of starting it, which costs a run that has nothing to do more than everything else.
 */
export function gitCommit(folder: string): string | null {
  const repository = findRepository(folder);
  if (repository === undefined) return null;
  const head = readIfThere(join(repository, 'HEAD'));
  const reference = /^ref: (.+)$/.exec(head)?.[1];
  if (reference === undefined) return asCommit(head);
  // A work tree of its own shares its references with the main repository.
  const common = resolve(repository, readIfThere(join(repository, 'commondir')) || '.');
  return asCommit(readIfThere(join(common, reference))) ?? packedCommit(common, reference);
}

function findRepository(folder: string): string | undefined {
  for (let each = resolve(folder); ; each = dirname(each)) {
    const candidate = join(each, '.git');
    const stat = statSync(candidate, { throwIfNoEntry: false });
    if (stat?.isDirectory() === true) return candidate;
    if (stat?.isFile() === true) return resolve(each, readIfThere(candidate).replace(/^gitdir: /, ''));
    if (each === dirname(each)) return undefined;
  }
}

function packedCommit(repository: string, reference: string): string | null {
  const line = readIfThere(join(repository, 'packed-refs'))
    .split('\n')
    .find((each) => each.endsWith(` ${reference}`));
  return line === undefined ? null : asCommit(line.split(' ')[0] ?? '');
}

function asCommit(text: string): string | null {
  return /^[0-9a-f]{40,64}$/.test(text) ? text : null;
}
