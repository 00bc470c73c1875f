import type { CachePlanningContext } from '../pipeline/execute/planning-context.ts';
import { applySelection, selectTasks, tasksNamed } from '../pipeline/plan/select-tasks.ts';
import { planExperiment, type Plan } from '../pipeline/plan/plan.ts';
import { TaskEngines } from './engine.ts';
import { loadFrom, type ExperimentOptions } from './experiment-options.ts';
import type { ProcessContext } from './flow-command.ts';
import type { SelectionOptions } from './selection-options.ts';
import type { Workspace } from './workspace.ts';

/** An experiment with what is known of each of its tasks. */
export interface PlannedExperiment {
  readonly plan: Plan;
  readonly knowledge: CachePlanningContext;
  readonly engines: TaskEngines;
}

export interface PlanningTools {
  readonly workspace: Workspace;
  readonly surroundings: ProcessContext;
  /** Copy results of the second cache to ours: what a run does. */
  readonly adopts?: boolean;
}

/** Loads an experiment, selects the tasks that are meant and plans them. */
export async function plannedExperiment(
  options: ExperimentOptions & Partial<SelectionOptions>,
  { workspace, surroundings, adopts = false }: PlanningTools,
): Promise<PlannedExperiment> {
  const whole = loadFrom(options, workspace, surroundings);
  const { ranges = [], only = [], from = [], until = [], force = [] } = options;
  const forced = new Set(force.flatMap((name) => tasksNamed(whole, name)));
  const { experiment, selected } = selectTasks(whole, { ranges, only, from, until });
  const engines = new TaskEngines(surroundings);
  engines.require(experiment.tasks);
  const knowledge = workspace.knowledge(experiment, engines, { adopts });
  const plan = await planExperiment(experiment, knowledge);
  return { plan: applySelection(plan, selected, forced), knowledge, engines };
}
