import type { Experiment, TaskSpec } from '../experiment/experiment.ts';

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
