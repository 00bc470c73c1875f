import { resolve } from 'node:path';
import { TaskBuilder } from './build-task.ts';
import { compose } from './compose.ts';
import { holds } from './condition.ts';
import { connectTasks } from './connect-tasks.ts';
import { experimentKeys } from './experiment-keys.ts';
import type { Experiment, TaskSpec } from './experiment.ts';
import type { Candidate } from './instance-index.ts';
import { ExperimentScope } from './experiment-scope.ts';
import { MapReader } from './map-reader.ts';
import { toJson, type Entry, type MapNode } from './node.ts';
import { missingInputs } from './missing-inputs.ts';
import { orderTasks } from './order-tasks.ts';
import { Problems } from './problems.ts';
import { StageReader } from './read-stages.ts';
import { resolveReferences } from './resolve.ts';
import type { StageFolders } from './stage-folders.ts';
import { StageInstances } from './stage-instances.ts';
import { unreadOutputs } from './unread-outputs.ts';
import type { TreeStore } from './written-tree.ts';

export interface LoadRequest {
  /** The experiment file; a relative path is relative to the workspace. */
  readonly file: string;
  /** Absolute. */
  readonly workspace: string;
  /** `path=value` as typed after `--set`, in order. */
  readonly overrides: readonly string[];
  /** Overlays as typed after `--set-file`, in order; applied before `overrides`. */
  readonly overrideFiles?: readonly string[];
  readonly profile?: string | undefined;
  /** What `${env.NAME}` looks names up in. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly stageFolders: StageFolders;
  /** What `${run.name}` stands for; the name of the experiment where it is not given. */
  readonly run?: string | undefined;
  /** Accept inputs that are not there (yet): for checking an experiment away from its data. */
  readonly allowMissingInputs?: boolean;
  /** Trees of files that were read before. */
  readonly trees?: TreeStore;
  /** Texts that stand for files, by absolute path: the files may have changed since, or be gone. */
  readonly texts?: ReadonlyMap<string, string> | undefined;
}

/**
 * Reads an experiment: YAML with positions, composed, references resolved, parameters validated and filled in.
 * Throws a FailureError with all mistakes of the file.
 */
export function loadExperiment(request: LoadRequest): Experiment {
  const problems = new Problems();
  const sources = new Map<string, string>();
  const onRead = (path: string, text: string): void => void sources.set(path, text);
  const root = compose({ overrideFiles: [], profile: undefined, ...request, onRead }, problems);
  const experiment = root && { ...assemble(root, request, problems), sources };
  problems.throwIfAny();
  if (experiment === undefined) throw new Error('an experiment that could not be read was not reported');
  return experiment;
}

function assemble(root: MapNode, request: LoadRequest, problems: Problems): Omit<Experiment, 'sources'> {
  const reader = new MapReader(root, problems, 'the experiment');
  reader.refuseOthers(Object.keys(experimentKeys));
  refuseReserved(root, problems);
  reader.require('name');
  reader.require('stages');
  const name = reader.text('name') ?? '';
  const seed = reader.integer('seed') ?? 0;
  const keys = reader.mapAt('params')?.entries ?? new Map<string, Entry>();
  const params = new Map([...keys].map(([key, { value }]) => [key, value]));
  const { environment, run = name } = request;
  const scope = new ExperimentScope({ params, seed, run, environment }, problems);
  const resolved = [...params].map(([key, value]) => [key, toJson(scope.param(key) ?? value)] as const);
  const tasks = assembleTasks(reader.mapAt('stages'), { request, seed, scope, problems });
  scope.warnOfUnused(keys);
  return {
    name,
    summary: reader.text('summary') ?? '',
    file: resolve(request.workspace, request.file),
    workspace: request.workspace,
    params: Object.fromEntries(resolved),
    tasks,
    warnings: [...problems.warnings, ...unreadOutputs(tasks)],
  };
}

function refuseReserved(root: MapNode, problems: Problems): void {
  const tables = root.entries.get('tables');
  if (tables === undefined) return;
  problems.add({ code: 'reserved-key', message: '"tables" is kept for a later version', at: tables.key });
}

interface Parts {
  readonly request: LoadRequest;
  readonly seed: number;
  readonly scope: ExperimentScope;
  readonly problems: Problems;
}

function assembleTasks(stages: MapNode | undefined, parts: Parts): readonly TaskSpec[] {
  if (stages === undefined) return [];
  const { request, seed, scope, problems } = parts;
  const { workspace, stageFolders } = request;
  const drafts = new StageReader(workspace, stageFolders, problems).read(stages);
  const instances = new StageInstances(drafts, scope.lookUp, problems);
  const builder = new TaskBuilder({ workspace, seed, validators: stageFolders.validators, problems });
  const candidates = drafts.flatMap((draft) =>
    instances.of(draft).map((instance): Candidate => {
      const meaning = scope.meaningIn(instance.values);
      const condition = draft.map.entries.get('if')?.value;
      const resolved = condition && resolveReferences(condition, meaning.lookUp, problems);
      const stage = draft.name;
      if (!holds(resolved, draft.owner, problems)) return { leftOut: true, stage, instance };
      return { leftOut: false, stage, instance, draft: builder.build(draft, instance, meaning) };
    }),
  );
  const tasks = connectTasks(candidates, new Set(stages.entries.keys()), problems);
  const { ordered, failures } = orderTasks(tasks);
  problems.addAll(failures);
  if (request.allowMissingInputs !== true) problems.addAll(missingInputs(tasks));
  return ordered;
}
