import { outcomeText } from '../../pipeline/console/outcome-text.ts';
import type { RunEnd } from '../../pipeline/execute/run-experiment.ts';
import type { Experiment, TaskSpec } from '../../pipeline/experiment/experiment.ts';
import { missingInputs } from '../../pipeline/experiment/load-experiment.ts';
import type { PlannedTask } from '../../pipeline/plan/plan.ts';
import { dataNeeds, upstreamTasks } from '../../pipeline/plan/select-tasks.ts';
import { executionOf, lastAttemptOf } from '../../pipeline/record/past-runs.ts';
import { curvesOf } from '../../pipeline/record/run-details.ts';
import { labelsOf, type RowSource, type SourceTask, type TaskResult } from '../../pipeline/table/source-task.ts';
import type { ExperimentOptions, RunSettings } from '../flow-command.ts';
import { loadFrom, plannedExperiment, type PlannedExperiment } from '../planned-experiment.ts';
import { startRun, type RunContext } from '../start-run.ts';

/** An experiment, with the values that a row sets, as what rows of a table draw on. */
export class ExperimentSource {
  readonly experiment: Experiment;
  readonly #options: ExperimentOptions;
  readonly #tools: RunContext;
  /** Tells the tasks of the same experiment with other values apart. */
  readonly #suffix: string;
  readonly #results = new Map<string, TaskResult>();
  readonly #missing = new Map<string, string>();

  /** @param set what the rows set, besides what is set on the command line */
  constructor(options: ExperimentOptions, set: readonly string[], tools: RunContext) {
    this.#options = { ...options, set: [...options.set, ...set], allowMissingInputs: true };
    this.#tools = tools;
    this.#suffix = set.length === 0 ? '' : ` (${set.join(', ')})`;
    this.experiment = loadFrom(this.#options, tools.workspace, tools.context);
  }

  get owner(): string {
    return `the experiment ${this.experiment.name}`;
  }

  nameOf(id: string): string {
    return `${this.experiment.name}${this.#suffix}: ${id}`;
  }

  /** Tasks with their results, as far as {@link settle} has found them. */
  rowSource(): RowSource {
    return { owner: this.owner, tasks: this.experiment.tasks.map((task) => this.#sourceTask(task)) };
  }

  #sourceTask(task: TaskSpec): SourceTask {
    const { id, stage, matrix } = task;
    const name = this.nameOf(id);
    return {
      ...{ name, id, stage, matrix },
      labels: labelsOf(id),
      upstream: upstreamTasks(this.experiment, task).map((each) => this.nameOf(each.id)),
      result: this.#results.get(id),
      missing: this.#missing.get(id) ?? 'not run',
    };
  }

  /** Finds the results of some tasks in the cache and, where it is to run, computes the others whose inputs are here. */
  async settle(ids: readonly string[], settings: RunSettings | undefined): Promise<RunEnd | undefined> {
    const feasible = ids.filter((id) => this.#inputsAreHere(id));
    if (feasible.length === 0) return undefined;
    const options = { ...this.#options, until: feasible };
    const isRun = settings !== undefined;
    const plan = (): Promise<PlannedExperiment> =>
      plannedExperiment(options, { ...this.#tools, adopts: isRun, runsNothing: !isRun });
    let planned = await plan();
    let end: RunEnd | undefined;
    if (isRun && planned.plan.tasks.some(({ state }) => state !== 'cached')) {
      end = await startRun(planned, { ...options, ...settings }, this.#tools);
      planned = await plan();
    }
    for (const task of planned.plan.tasks) {
      if (task.state === 'cached') this.#results.set(task.task.id, this.#resultOf(task, planned));
      else this.#missing.set(task.task.id, this.#reasonOf(task.task, planned));
    }
    return end;
  }

  /** Tasks that stand between some tasks and their results. */
  unsettled(id: string): readonly TaskSpec[] {
    const task = this.task(id);
    if (task === undefined) return [];
    return [...upstreamTasks(this.experiment, task), task].filter((each) => !this.#results.has(each.id));
  }

  task(id: string): TaskSpec | undefined {
    return this.experiment.tasks.find((each) => each.id === id);
  }

  #inputsAreHere(id: string): boolean {
    const task = this.task(id);
    if (task === undefined) return false;
    const tasks = [...upstreamTasks(this.experiment, task), task];
    if (missingInputs(tasks).length === 0) return true;
    const lacking = new Set(tasks.flatMap((each) => lackingPaths(each)));
    const [first = '', ...further] = lacking;
    const more = further.length === 0 ? '' : ` and ${further.length} more`;
    this.#missing.set(id, `not run: needs ${first}${more}, which is not on this machine`);
    return false;
  }

  #resultOf(
    { key, document }: Extract<PlannedTask, { state: 'cached' }>,
    { knowledge }: PlannedExperiment,
  ): TaskResult {
    const entry = knowledge.entry(key);
    const { workspace } = this.#tools;
    return {
      ...{ key, document },
      run: entry.run,
      figures: entry.figures,
      outputs: Object.fromEntries(Object.entries(entry.outputs).map(([port, { digest }]) => [port, digest])),
      get curves(): TaskResult['curves'] {
        const execution = executionOf(workspace.database, key);
        return execution && curvesOf(workspace.database, execution.run).filter(({ task }) => task === execution.task);
      },
    };
  }

  /** Why a task has no result: what became of the last attempt at it, or at what it needs. */
  #reasonOf(task: TaskSpec, { plan }: PlannedExperiment): string {
    const open = new Map(plan.tasks.filter(({ state }) => state !== 'cached').map((each) => [each.task.id, each.task]));
    let cause = task;
    for (let next: TaskSpec | undefined = task; next !== undefined;) {
      cause = next;
      next = dataNeeds(next).flatMap((id) => open.get(id) ?? [])[0];
    }
    const detail = lastAttemptOf(this.#tools.workspace.database, this.experiment.name, cause.id)?.detail;
    if (detail === undefined || detail === null || detail.outcome === 'done') return 'not run';
    return `not run: ${cause.id} ended with ${outcomeText(detail)}`;
  }
}

function lackingPaths(task: TaskSpec): string[] {
  return Object.values(task.inputs)
    .flat()
    .filter((binding) => binding.type === 'path')
    .filter((binding) => missingInputs([{ ...task, inputs: { input: [binding] } }]).length > 0)
    .map(({ written }) => written);
}
