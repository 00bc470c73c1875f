import { fail, throwIfAny, type Failure } from '../../core/failure.ts';
import type { Experiment, TaskSpec } from '../experiment/experiment.ts';
import type { Reason } from './compare-keys.ts';
import { failures } from './failures.ts';
import type { Plan, PlannedTask } from './plan.ts';

/** Which tasks of an experiment are meant, as typed: names of tasks, or of stages for all tasks of a matrix. */
export interface SelectionRequest {
  /** `verify`: it and all it needs. `train..verify`: everything on the paths from one to the other. */
  readonly ranges: readonly string[];
  /** These and nothing else. */
  readonly only: readonly string[];
  /** These and everything that depends on them. */
  readonly from: readonly string[];
  /** These and everything they need. */
  readonly until: readonly string[];
}

export interface Selection {
  /** The experiment without the tasks that have nothing to do with what was selected. */
  readonly experiment: Experiment;
  /** Ids of the tasks that may run. The others of `experiment` have to be in the cache already. */
  readonly selected: ReadonlySet<string>;
}

/** The part of an experiment that a request means: all of it where the request is empty. */
export function selectTasks(experiment: Experiment, request: SelectionRequest): Selection {
  const graph = new TaskGraph(experiment);
  const selected = new Set<string>([
    ...request.ranges.flatMap((range) => graph.range(range)),
    ...request.only.flatMap((name) => graph.named(name)),
    ...graph.downstream(request.from.flatMap((name) => graph.named(name))),
    ...graph.upstream(request.until.flatMap((name) => graph.named(name))),
  ]);
  const isEmpty = [request.ranges, request.only, request.from, request.until].every((names) => names.length === 0);
  if (isEmpty) return { experiment, selected: new Set(experiment.tasks.map((task) => task.id)) };
  const kept = graph.upstream([...selected]);
  return { experiment: { ...experiment, tasks: experiment.tasks.filter((task) => kept.has(task.id)) }, selected };
}

/** Ids of the tasks a name means: see {@link idsNamed}. Throws a FailureError for an unknown name. */
export function tasksNamed(experiment: Experiment, name: string): string[] {
  const ids = experiment.tasks.map((task) => task.id);
  const found = idsNamed(ids, name);
  if (found.length > 0) return found;
  const stages = experiment.tasks.map((task) => task.stage);
  return fail(failures.unknownTask({ experiment: experiment.name, name, ids, stages }));
}

/**
 * Those of some ids that a name means: a task, all tasks of a stage, or those of a matrix with some of its values:
 * `verify[lfw]` and `verify[set=lfw]` mean `verify[set=lfw,size=112]`.
 */
export function idsNamed(ids: readonly string[], name: string): string[] {
  if (ids.includes(name)) return [name];
  const [, stage = name, asked] = /^([^[]*)\[(.*)\]$/s.exec(name) ?? [];
  const ofStage = ids.filter((id) => id.startsWith(`${stage}[`));
  if (asked === undefined) return ofStage;
  return ofStage.filter((id) => {
    const choices = id.slice(stage.length + 1, -1).split(',');
    const known = new Set(choices.flatMap((choice) => [choice, choice.slice(choice.indexOf('=') + 1)]));
    return asked.split(',').every((value) => known.has(value.trim()));
  });
}

class TaskGraph {
  readonly #experiment: Experiment;
  readonly #needs = new Map<string, readonly string[]>();
  readonly #users = new Map<string, string[]>();

  constructor(experiment: Experiment) {
    this.#experiment = experiment;
    for (const task of experiment.tasks) this.#connect(task);
  }

  named(name: string): string[] {
    return tasksNamed(this.#experiment, name);
  }

  /** A single name, or `a..b`. */
  range(text: string): string[] {
    const between = text.indexOf('..');
    if (between < 0) return [...this.upstream(this.named(text))];
    const after = this.downstream(this.named(text.slice(0, between)));
    const before = this.upstream(this.named(text.slice(between + 2)));
    const both = [...after].filter((id) => before.has(id));
    if (both.length > 0) return both;
    return fail(failures.emptyRange({ range: text }));
  }

  /** The given tasks and everything they need. */
  upstream(ids: readonly string[]): Set<string> {
    return closure(ids, this.#needs);
  }

  /** The given tasks and everything that depends on them. */
  downstream(ids: readonly string[]): Set<string> {
    return closure(ids, this.#users);
  }

  #connect(task: TaskSpec): void {
    const needs = taskNeeds(task);
    this.#needs.set(task.id, needs);
    for (const need of needs) this.#users.set(need, [...(this.#users.get(need) ?? []), task.id]);
  }
}

function closure(ids: readonly string[], edges: ReadonlyMap<string, readonly string[]>): Set<string> {
  const found = new Set(ids);
  // A set visits what is added while it is walked.
  for (const id of found) for (const next of edges.get(id) ?? []) found.add(next);
  return found;
}

/**
 * A plan in which forced tasks run though their results are known, and what depends on them is decided when they have
 * run. Tasks that are not selected have to be known: otherwise those that need them cannot run, which is a failure.
 */
export function applySelection(plan: Plan, selected: ReadonlySet<string>, force: ReadonlySet<string>): Plan {
  throwIfAny(plan.tasks.flatMap((planned) => missingResult(planned, selected)));
  const changed = new Set<string>();
  const tasks = plan.tasks.map((planned): PlannedTask => {
    const result = applyForce(planned, force, changed);
    if (result !== planned) changed.add(planned.task.id);
    return result;
  });
  return { ...plan, tasks };
}

/** Whether a task was asked to run though its result is known. */
export function isForced(planned: PlannedTask): boolean {
  return planned.state !== 'cached' && planned.reasons.some((reason) => reason.code === 'forced');
}

/** The same task, to be run whether its result is known or not. */
export function forceTask(planned: PlannedTask): PlannedTask {
  const forced: Reason = { code: 'forced', text: 'forced' };
  if (planned.state === 'unknown') return { ...planned, reasons: [forced, ...planned.reasons] };
  const { task, key, document } = planned;
  return { state: 'run', task, key, document, reasons: [forced, ...(planned.state === 'run' ? planned.reasons : [])] };
}

function applyForce(planned: PlannedTask, force: ReadonlySet<string>, changed: ReadonlySet<string>): PlannedTask {
  if (force.has(planned.task.id)) return forceTask(planned);
  const need = taskNeeds(planned.task).find((id) => changed.has(id));
  if (planned.state !== 'cached' || need === undefined) return planned;
  return { state: 'unknown', task: planned.task, reasons: [{ code: 'upstream', text: `waits for ${need}` }] };
}

function missingResult({ state, task }: PlannedTask, selected: ReadonlySet<string>): Failure[] {
  return state === 'cached' || selected.has(task.id) ? [] : [failures.resultNotThere({ task: task.id })];
}

/** Ids of the tasks that have to end before a task can start: those it reads from, then those it only comes after. */
export function taskNeeds(task: TaskSpec): string[] {
  return [...new Set([...dataNeeds(task), ...task.after.map((order) => order.task)])];
}

/** Ids of the tasks whose outputs a task reads, each once, in the order of its ports. */
export function dataNeeds(task: TaskSpec): string[] {
  const needs = new Set<string>();
  for (const bindings of Object.values(task.inputs)) {
    for (const binding of bindings) if (binding.type === 'output') needs.add(binding.task);
  }
  return [...needs];
}

/** Everything whose content a task depends on, however far up; in the order of the experiment. */
export function upstreamTasks(experiment: Experiment, task: TaskSpec): TaskSpec[] {
  const byId = new Map(experiment.tasks.map((each) => [each.id, each]));
  const found = new Set<string>();
  const open = [task];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const need of dataNeeds(next)) {
      const needed = byId.get(need);
      if (needed === undefined || found.has(need)) continue;
      found.add(need);
      open.push(needed);
    }
  }
  return experiment.tasks.filter((each) => found.has(each.id));
}
