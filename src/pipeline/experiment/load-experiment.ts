import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { Failure } from '../../core/failure.ts';
import { TaskBuilder } from './build-task.ts';
import { compose, ExperimentFiles } from './compose.ts';
import { connectTasks, type Candidate } from './connect-tasks.ts';
import type { Experiment, Order, TaskSpec } from './experiment.ts';
import { experimentKeys, stageKeys } from './experiment-keys.ts';
import { ExperimentScope } from './experiment-scope.ts';
import { namesBeside } from './names-beside.ts';
import { failures, warnings } from './failures.ts';
import { describe, isNull, MapReader, toJson, type Entry, type MapNode } from './node.ts';
import { locate, Problems } from './problems.ts';
import { readTables } from './read-table.ts';
import { resolveReferences } from './resolve-references.ts';
import { StageInstances, type StageDraft } from './stage-instances.ts';
import { StageKinds, type StageFolders } from './stage-kinds.ts';
import { conditionHolds } from './task-settings.ts';
import type { TreeStore } from './parse-yaml.ts';

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
  /** Folders that every run writes to, which can be no part of an input; absolute. */
  readonly ownFolders?: readonly string[];
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
  reader.require('name');
  reader.require('stages');
  const name = reader.text('name') ?? '';
  const nameNode = reader.node('name');
  if (nameNode?.type === 'scalar' && typeof nameNode.value === 'string' && !isName(name)) {
    problems.add(failures.badExperimentName({ name }, locate(nameNode.at)));
  }
  const seed = reader.integer('seed') ?? 0;
  const params = reader.mapAt('params')?.entries ?? new Map<string, Entry>();
  const { environment, run = name } = request;
  const scope = new ExperimentScope({ params, seed, run, environment }, problems);
  const resolved = [...params].map(([key, { value }]) => [key, toJson(scope.param(key) ?? value)] as const);
  const tasks = assembleTasks(reader.mapAt('stages'), { request, seed, scope, problems });
  const written = reader.node('tables');
  const tables = written && resolveReferences(written, scope.resolveReference, problems);
  scope.warnOfUnused();
  return {
    name,
    summary: reader.text('summary') ?? '',
    file: resolve(request.workspace, request.file),
    workspace: request.workspace,
    params: Object.fromEntries(resolved),
    tasks,
    tables: tables === undefined || isNull(tables) ? {} : readTables(tables, { ...request, problems }),
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
  problems.addAll(inputsWithResults(tasks, request.ownFolders ?? []));
  return ordered;
}

/** Names of folders and lines on a terminal are made of it. */
function isName(name: string): boolean {
  return name.trim() !== '' && !/[\p{Cc}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u.test(name);
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

/** Tasks in an order in which each comes after those it depends on; otherwise in that of the file. */
function orderTasks(tasks: readonly TaskSpec[]): { ordered: TaskSpec[]; cycles: Failure[] } {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const state = new Map<string, 'open' | 'done'>();
  const ordered: TaskSpec[] = [];
  const cycles: Failure[] = [];

  // An own stack instead of recursion: a chain of 10,000 tasks is deeper than the stack of the machine.
  for (const root of tasks) {
    const path: { task: TaskSpec; needs: Order[] }[] = [];
    const enter = (task: TaskSpec): void => {
      state.set(task.id, 'open');
      path.push({ task, needs: edgesOf(task) });
    };
    if (!state.has(root.id)) enter(root);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const edge = top.needs.shift();
      const next = edge && byId.get(edge.task);
      if (edge === undefined) {
        state.set(top.task.id, 'done');
        ordered.push(top.task);
        path.pop();
      } else if (next !== undefined && state.get(next.id) === 'open') {
        const open = path.map(({ task }) => task.id);
        const circle = [...open.slice(open.indexOf(next.id)), next.id];
        cycles.push(failures.cycle({ circle }, edge.at));
      } else if (next !== undefined && !state.has(next.id)) {
        enter(next);
      }
    }
  }
  return { ordered, cycles };
}

function edgesOf(task: TaskSpec): Order[] {
  const outputs = Object.values(task.inputs).flatMap((bindings) =>
    bindings.filter((binding) => binding.type === 'output'),
  );
  return [...outputs, ...task.after];
}

/** Inputs that come from outside of the experiment and are missing. */
export function missingInputs(tasks: readonly TaskSpec[]): Failure[] {
  const missing: Failure[] = [];
  const present = new Set<string>();
  for (const task of tasks) {
    for (const [port, bindings] of Object.entries(task.inputs)) {
      for (const binding of bindings) {
        if (binding.type !== 'path' || present.has(binding.path)) continue;
        const { path, written, at } = binding;
        if (existsSync(path)) present.add(path);
        else {
          const what = `input "${port}" of stage "${task.stage}"`;
          missing.push(failures.inputNotFound({ what, written, path, beside: namesBeside(path) }, at));
        }
      }
    }
  }
  return missing;
}

/** Inputs whose content changes with every run, which would never be the same before and after it. */
function inputsWithResults(tasks: readonly TaskSpec[], ownFolders: readonly string[]): Failure[] {
  const own = ownFolders.map((folder) => ({ folder, real: realPath(folder) }));
  const checked = new Map<string, string | undefined>();
  const insideOf = (path: string): string | undefined => {
    const real = realPath(path);
    return own.find((each) => `${each.real}/`.startsWith(real.endsWith('/') ? real : `${real}/`))?.folder;
  };
  return tasks.flatMap(({ stage, inputs }) =>
    Object.entries(inputs).flatMap(([port, bindings]) =>
      bindings.flatMap((binding) => {
        if (binding.type !== 'path') return [];
        const { path, written, at } = binding;
        if (!checked.has(path)) checked.set(path, insideOf(path));
        const inside = checked.get(path);
        const facts = { what: `input "${port}" of stage "${stage}"`, written };
        return inside === undefined ? [] : [failures.inputHoldsResults({ ...facts, inside }, at)];
      }),
    ),
  );
}

/** A path without symbolic links, as far as it is there. */
function realPath(path: string): string {
  if (existsSync(path)) return realpathSync(path);
  const parent = dirname(path);
  return parent === path ? path : join(realPath(parent), basename(path));
}

/**
 * Warns of outputs that no stage reads; not if a stage has none that is read, for those are what the experiment is for.
 */
function unreadOutputs(tasks: readonly TaskSpec[]): Failure[] {
  const stageOf = new Map(tasks.map(({ id, stage }) => [id, stage]));
  const read = new Map<string, Set<string>>();
  for (const binding of tasks.flatMap(({ inputs }) => Object.values(inputs).flat())) {
    const stage = binding.type === 'output' ? stageOf.get(binding.task) : undefined;
    if (binding.type !== 'output' || stage === undefined) continue;
    read.set(stage, (read.get(stage) ?? new Set()).add(binding.output));
  }
  const stages = new Map(tasks.map((task) => [task.stage, task]));
  return [...stages.values()].flatMap(({ stage, kind, inputs, at }) => {
    const outputs = read.get(stage);
    if (outputs === undefined) return [];
    const unread = Object.entries(kind.manifest.outputs).filter(([output, port]) => {
      const isEmpty = port.emptyWithout !== undefined && inputs[port.emptyWithout]?.length === 0;
      return !outputs.has(output) && port.byproduct !== true && !isEmpty;
    });
    return unread.map(([output]) => warnings.unreadOutput({ stage, output }, at));
  });
}
