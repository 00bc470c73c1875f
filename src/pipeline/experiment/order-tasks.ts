import type { Order, TaskSpec } from './experiment.ts';
import type { Failure } from '../../core/failure.ts';
import type { SpecCode } from './failure-codes.ts';

/** Tasks in an order in which each comes after those it depends on; otherwise in that of the file. */
export function orderTasks(tasks: readonly TaskSpec[]): { ordered: TaskSpec[]; failures: Failure[] } {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const state = new Map<string, 'open' | 'done'>();
  const ordered: TaskSpec[] = [];
  const failures: Failure[] = [];

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
        const circle = path.map(({ task }) => task.id);
        failures.push(cycle([...circle.slice(circle.indexOf(next.id)), next.id], edge));
      } else if (next !== undefined && !state.has(next.id)) {
        enter(next);
      }
    }
  }
  return { ordered, failures };
}

function edgesOf(task: TaskSpec): Order[] {
  const outputs = Object.values(task.inputs).flatMap((bindings) =>
    bindings.filter((binding) => binding.type === 'output'),
  );
  return [...outputs, ...task.after];
}

function cycle(circle: readonly string[], edge: Order): Failure {
  const code: SpecCode = 'cycle';
  return { code, message: `stages depend on each other in a circle: ${circle.join(' -> ')}`, at: edge.at };
}
