import type { Experiment, TaskSpec } from '../experiment/experiment.ts';
import { taskNeeds } from '../plan/select-tasks.ts';

/**
 * For each task an estimate of how long the run goes on from its start: its own duration and the longest path after it.
 * Starting the largest first keeps the run short. Tasks that were never run count as the average of the others.
 */
export function priorities(
  experiment: Experiment,
  lastDurationMs: (task: TaskSpec) => number | undefined,
): ReadonlyMap<string, number> {
  const known = new Map(experiment.tasks.map((task) => [task.id, lastDurationMs(task)]));
  const durations = [...known.values()].filter((each) => each !== undefined);
  const average = durations.length === 0 ? 1 : durations.reduce((sum, each) => sum + each, 0) / durations.length;
  const after = new Map<string, number>();
  const result = new Map<string, number>();
  for (const task of experiment.tasks.toReversed()) {
    const path = (known.get(task.id) ?? average) + (after.get(task.id) ?? 0);
    result.set(task.id, path);
    for (const need of taskNeeds(task)) after.set(need, Math.max(after.get(need) ?? 0, path));
  }
  return result;
}
