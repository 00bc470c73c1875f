import { resolve } from 'node:path';
import { TaskBuilder } from './build-task.ts';
import { compose } from './compose.ts';
import { connectTasks, type Candidate } from './connect-tasks.ts';
import type { Experiment, TaskSpec } from './experiment.ts';
import { ExperimentFiles } from './experiment-files.ts';
import { experimentKeys, stageKeys } from './experiment-keys.ts';
import { ExperimentScope } from './experiment-scope.ts';
import { failures } from './failures.ts';
import { describe, MapReader, toJson, type Entry, type MapNode } from './node.ts';
import { locate, Problems } from './problems.ts';
import { resolveReferences } from './resolve-references.ts';
import { StageInstances, type StageDraft } from './stage-instances.ts';
import { StageKinds, type StageFolders } from './stage-kinds.ts';
import { missingInputs, orderTasks, unreadOutputs } from './task-graph.ts';
import { conditionHolds } from './task-settings.ts';
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
  /** What `${run.name}` means; the name of the experiment if it is not set. */
  readonly run?: string | undefined;
  /** Accept inputs that do not exist (yet): for checking an experiment away from its data. */
  readonly allowMissingInputs?: boolean;
  /** Trees of files that were read before. */
  readonly trees?: TreeStore;
  /** Texts that take the place of files, by absolute path: the files may have changed since, or be gone. */
  readonly texts?: ReadonlyMap<string, string> | undefined;
}

/**
 * Reads an experiment: YAML with positions, composed, references resolved, parameters validated and filled in.
 * Throws a FailureError with all mistakes of the file.
 */
export function loadExperiment(request: LoadRequest): Experiment {
  const problems = new Problems();
  const files = new ExperimentFiles(request, problems);
  const root = compose(request, files, problems);
  const experiment = root && { ...assemble(root, request, problems), sources: files.read };
  problems.throwIfAny();
  if (experiment === undefined) throw new Error('an experiment that could not be read was not reported');
  return experiment;
}

function assemble(root: MapNode, request: LoadRequest, problems: Problems): Omit<Experiment, 'sources'> {
  const reader = new MapReader(root, problems, 'the experiment');
  reader.refuseOthers(Object.keys(experimentKeys));
  const tables = root.entries.get('tables');
  if (tables !== undefined) problems.add(failures.reservedKey({ key: 'tables' }, locate(tables.key)));
  reader.require('name');
  reader.require('stages');
  const name = reader.text('name') ?? '';
  const seed = reader.integer('seed') ?? 0;
  const params = reader.mapAt('params')?.entries ?? new Map<string, Entry>();
  const { environment, run = name } = request;
  const scope = new ExperimentScope({ params, seed, run, environment }, problems);
  const resolved = [...params].map(([key, { value }]) => [key, toJson(scope.param(key) ?? value)] as const);
  const tasks = assembleTasks(reader.mapAt('stages'), { request, seed, scope, problems });
  scope.warnOfUnused();
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
  const drafts = readStages(stages, new StageKinds(workspace, stageFolders, problems), problems);
  const instances = new StageInstances(drafts, scope.resolveReference, problems);
  const builder = new TaskBuilder({ workspace, seed, validators: stageFolders.validators, problems });
  const candidates = drafts.flatMap((draft) =>
    instances.of(draft).map((instance): Candidate => {
      const stage = draft.name;
      const own = scope.scopeOf(instance.values);
      const condition = draft.map.entries.get('if')?.value;
      const resolved = condition && resolveReferences(condition, own.resolveReference, problems);
      if (!conditionHolds(resolved, { owner: draft.owner, problems })) return { leftOut: true, stage, instance };
      return { leftOut: false, stage, instance, draft: builder.build(draft, instance, own) };
    }),
  );
  const tasks = connectTasks(candidates, new Set(stages.entries.keys()), problems);
  const { ordered, cycles } = orderTasks(tasks);
  problems.addAll(cycles);
  if (request.allowMissingInputs !== true) problems.addAll(missingInputs(tasks));
  return ordered;
}

/** Reads the `stages` of an experiment. Those whose kind cannot be found are reported and left out. */
function readStages(stages: MapNode, kinds: StageKinds, problems: Problems): StageDraft[] {
  const drafts: StageDraft[] = [];
  for (const [name, { key: at, value }] of stages.entries) {
    const owner = `stage "${name}"`;
    if (!/^[A-Za-z][A-Za-z0-9_-]*$/.test(name)) {
      problems.add(failures.badName({ name }, locate(at)));
    } else if (value.type !== 'map') {
      const facts = { what: owner, expected: 'a mapping with "uses" and "with"', found: describe(value) };
      problems.add(failures.wrongType(facts, locate(at)));
    } else {
      const reader = new MapReader({ ...value, at }, problems, owner);
      reader.refuseOthers(Object.keys(stageKeys));
      reader.require('uses');
      const uses = reader.text('uses');
      const kind = uses === undefined ? undefined : kinds.of(uses, reader.node('uses')?.at ?? at);
      if (kind !== undefined) drafts.push({ name, owner, at, kind, map: value });
    }
  }
  return drafts;
}
