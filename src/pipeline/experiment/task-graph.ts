import { existsSync } from 'node:fs';
import type { Failure } from '../../core/failure.ts';
import type { Order, TaskSpec } from './experiment.ts';
import { failures, warnings } from './failures.ts';

/** Tasks in an order in which each comes after those it depends on; otherwise in that of the file. */
export function orderTasks(tasks: readonly TaskSpec[]): { ordered: TaskSpec[]; cycles: Failure[] } {
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
        else
          missing.push(failures.inputNotFound({ what: `input "${port}" of stage "${task.stage}"`, written, path }, at));
      }
    }
  }
  return missing;
}

/**
 * Warns of outputs that no stage reads; not if a stage has none that is read, for those are what the experiment is for.
 */
export function unreadOutputs(tasks: readonly TaskSpec[]): Failure[] {
  const stageOf = new Map(tasks.map(({ id, stage }) => [id, stage]));
  const read = new Map<string, Set<string>>();
  for (const binding of tasks.flatMap(({ inputs }) => Object.values(inputs).flat())) {
    const stage = binding.type === 'output' ? stageOf.get(binding.task) : undefined;
    if (binding.type !== 'output' || stage === undefined) continue;
    read.set(stage, (read.get(stage) ?? new Set()).add(binding.output));
  }
  const stages = new Map(tasks.map((task) => [task.stage, task]));
  return [...stages.values()].flatMap(({ stage, kind, at }) => {
    const outputs = read.get(stage);
    if (outputs === undefined) return [];
    const unread = Object.keys(kind.manifest.outputs).filter((output) => !outputs.has(output));
    return unread.map((output) => warnings.unreadOutput({ stage, output }, at));
  });
}
