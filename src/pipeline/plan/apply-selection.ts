import { throwIfAny, type Failure } from '../../core/failure.ts';
import type { Plan, PlannedTask } from './plan.ts';
import type { Reason } from './reason.ts';
import { taskNeeds } from './task-needs.ts';

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
  if (state === 'cached' || selected.has(task.id)) return [];
  return [
    {
      code: 'result-not-there',
      message: `${task.id} is not selected, and what it gives is not in the cache`,
      hint: 'Select it too, or take all that is needed: --until NAME',
    },
  ];
}
