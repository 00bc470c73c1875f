import { didYouMean } from '../../core/did-you-mean.ts';
import { fail } from '../../core/failure.ts';
import type { Experiment, TaskSpec } from '../experiment/experiment.ts';
import { taskNeeds } from './task-needs.ts';

/** Which tasks of an experiment are meant, as typed: names of tasks, or of stages for all tasks of a matrix. */
export interface SelectionRequest {
  /** `verify`: it and all it needs. `train..verify`: everything on the way from one to the other. */
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

/** Ids of the tasks a name means: a task, or all tasks of a stage. */
export function tasksNamed(experiment: Experiment, name: string): string[] {
  const exact = experiment.tasks.filter((task) => task.id === name);
  const found = exact.length > 0 ? exact : experiment.tasks.filter((task) => task.stage === name);
  return found.length > 0 ? found.map((task) => task.id) : unknownTask(experiment, name);
}

function unknownTask(experiment: Experiment, name: string): never {
  const names = [...new Set(experiment.tasks.flatMap((task) => [task.stage, task.id]))];
  const suggestion = didYouMean(name, names);
  fail({
    code: 'unknown-task',
    message: `experiment "${experiment.name}" has no task "${name}"${suggestion === undefined ? '' : ` (did you mean "${suggestion}"?)`}`,
    hint: `Its tasks: ${experiment.tasks.map((task) => task.id).join(', ')}.`,
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
    return fail({
      code: 'empty-range',
      message: `nothing lies on the way in "${text}": the second does not depend on the first`,
      hint: `Try it the other way round, or name both: flow run FILE ${text.replace('..', ' ')}`,
    });
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
