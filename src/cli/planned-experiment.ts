import { resolve } from 'node:path';
import { fail } from '../core/failure.ts';
import { outcomeText } from '../pipeline/console/outcome-text.ts';
import type { Foreknowledge } from '../pipeline/execute/check-inputs.ts';
import { CachePlanningContext } from '../pipeline/execute/planning-context.ts';
import type { Experiment, TaskSpec } from '../pipeline/experiment/experiment.ts';
import { loadExperiment } from '../pipeline/experiment/load-experiment.ts';
import type { KeyDocument } from '../pipeline/plan/key-document.ts';
import { planExperiment, type Plan } from '../pipeline/plan/plan.ts';
import { applySelection, selectTasks, tasksNamed } from '../pipeline/plan/select-tasks.ts';
import { lastAttemptOf, lastKeyOf, recordedDocument } from '../pipeline/record/past-runs.ts';
import type { EngineUse, RunEngines } from '../pipeline/execute/event.ts';
import {
  inferenceEngine,
  parseEngineChoice,
  parseEngineOverride,
  trainingEngine,
  type ChosenEngine,
  type EngineOverride,
} from '../kit/net/engines/choose-engine.ts';
import type { ExperimentOptions, SelectionOptions, ProcessContext } from './flow-command.ts';
import { failures } from './failures.ts';
import { programVariables } from './machine.ts';
import { stageFolders, type Workspace } from './workspace.ts';

/** An experiment with what is known of each of its tasks. */
export interface PlannedExperiment {
  readonly plan: Plan;
  readonly knowledge: CachePlanningContext;
  readonly engines: TaskEngines;
}

export interface PlanningTools {
  readonly workspace: Workspace;
  readonly context: ProcessContext;
  /** Copy results of the second cache to ours: what a run does. */
  readonly adopts?: boolean;
  /** Run nothing, not even what prints the version of a program: it is taken to be what it was. */
  readonly runsNothing?: boolean;
}

/** Loads an experiment, selects the tasks that are meant and plans them. */
export async function plannedExperiment(
  options: ExperimentOptions & Partial<SelectionOptions>,
  { workspace, context, adopts = false, runsNothing = false }: PlanningTools,
): Promise<PlannedExperiment> {
  const whole = loadFrom(options, workspace, context);
  const { ranges = [], only = [], from = [], until = [], force = [] } = options;
  const forced = new Set(force.flatMap((name) => tasksNamed(whole, name)));
  const { experiment, selected } = selectTasks(whole, { ranges, only, from, until });
  const engines = new TaskEngines(context);
  engines.require(experiment.tasks);
  const knowledge = planningContext(workspace, {
    experiment,
    engines,
    adopts,
    ...(runsNothing ? {} : { environment: context.environment }),
  });
  const plan = await planExperiment(experiment, knowledge);
  return { plan: applySelection(plan, selected, forced), knowledge, engines };
}

/** Reads the experiment that the options of a command name. */
export function loadFrom(options: ExperimentOptions, workspace: Workspace, context: ProcessContext): Experiment {
  return loadExperiment({
    // Typed by the user, so relative to where the user is.
    file: resolve(context.workingFolder, options.file),
    workspace: workspace.folder,
    overrides: options.set,
    overrideFiles: options.setFile.map((file) => resolve(context.workingFolder, file)),
    ...(options.profile === undefined ? {} : { profile: options.profile }),
    environment: context.environment,
    allowMissingInputs: options.allowMissingInputs === true,
    ownFolders: [workspace.runsFolder, workspace.cache.folders.entries],
    stageFolders: stageFolders(),
    trees: workspace.trees,
    texts: options.texts,
  });
}

/** What the plan of an experiment asks for, answered from a workspace. */
export function planningContext(
  workspace: Workspace,
  { experiment, engines, adopts = false, environment }: PlanningSubject,
): CachePlanningContext {
  const { cache, lazyDigests: digests } = workspace;
  return new CachePlanningContext({
    experiment,
    engineOf: (task) => engines.of(task)?.identity,
    cache,
    digests,
    adopts,
    previous: (task) => previousDocument(workspace, experiment, task),
    lastAttempt: (task) => lastAttemptText(workspace, experiment, task),
    programVersion:
      environment === undefined
        ? undefined
        : (command) => programVersion(command, workspace.folder, programVariables(environment)),
  });
}

export interface PlanningSubject {
  readonly experiment: Experiment;
  readonly engines: TaskEngines;
  readonly adopts?: boolean;
  /** Of the command; without it nothing is run. */
  readonly environment?: ProcessContext['environment'];
}

/** The key document of the last execution of a task, for reasons: from the record, or from the result itself. */
function previousDocument(workspace: Workspace, { name }: Experiment, task: TaskSpec): KeyDocument | undefined {
  const key = lastKeyOf(workspace.database, name, task.id);
  if (key === undefined) return undefined;
  const recorded = recordedDocument(workspace.database, key);
  if (recorded !== undefined) return JSON.parse(recorded) as KeyDocument;
  return workspace.documentOf(key);
}

function lastAttemptText({ database }: Workspace, { name }: Experiment, task: TaskSpec): string | undefined {
  const attempt = lastAttemptOf(database, name, task.id);
  if (attempt === undefined) return undefined;
  const ended = attempt.detail === null ? 'its runner was killed' : outcomeText(attempt.detail);
  return `${ended} (run ${attempt.run})`;
}

/** What the command that a stage declares as the `version` of its program prints, run in the workspace. */
async function programVersion(
  command: string,
  workspace: string,
  environment: Record<string, string>,
): Promise<string> {
  // Loaded when needed: starting processes is for experiments that ask for it.
  const { spawnSync } = await import('node:child_process');
  const { status, signal, stdout, stderr } = spawnSync('/bin/sh', ['-e', '-c', command], {
    cwd: workspace,
    env: environment,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
  });
  // Some programs (java, older python) print their version to standard error.
  const text = stdout.trim() === '' ? stderr.trim() : stdout.trim();
  if (status === 0 && text !== '') return text;
  const outcome = status === 0 ? 'printed nothing' : `ended with ${signal ?? `exit code ${String(status)}`}`;
  return fail(failures.programVersion({ command, outcome, lastLine: stderr.trim().split('\n').at(-1) ?? '' }));
}

/** The engine that `FLOW_ENGINE` names. */
export function engineOverride(context: ProcessContext): EngineOverride | undefined {
  return parseEngineOverride(context.environment['FLOW_ENGINE']);
}

/** Which engine each task computes with. Looks at files of the installation only, once per choice. */
export class TaskEngines {
  readonly #override: EngineOverride | undefined;
  readonly #found = new Map<string, ChosenEngine>();

  /** Fails if `FLOW_ENGINE` does not name an engine. */
  constructor(context: ProcessContext) {
    this.#override = engineOverride(context);
  }

  /** Undefined for a task that computes no tensors. Fails if the engine it needs is unavailable. */
  of({ kind, params, stage }: TaskSpec): ChosenEngine | undefined {
    const { engine } = kind.manifest;
    if (engine === true) return this.#once('training', () => trainingEngine(this.#override));
    if (engine !== 'inference') return undefined;
    const choice = parseEngineChoice(params['engine']);
    return this.#once(choice, () => inferenceEngine({ choice, override: this.#override, stage }));
  }

  /** Fails if a task needs an engine that is unavailable, so that nothing runs before that is known. */
  require(tasks: readonly TaskSpec[]): void {
    for (const task of tasks) this.of(task);
  }

  /** The engines of a run, those that train first, with a notice if there are better ones. */
  usedBy(tasks: readonly TaskSpec[]): RunEngines {
    const uses = new Map<string, { found: ChosenEngine; stages: Set<string> }>();
    const trainingFirst = [...tasks].sort((a, b) => Number(trains(b)) - Number(trains(a)));
    for (const task of trainingFirst) {
      const found = this.of(task);
      if (found === undefined) continue;
      const name = `${found.identity.name} ${found.identity.version}`;
      const use = uses.get(name) ?? { found, stages: new Set() };
      uses.set(name, { ...use, stages: use.stages.add(task.stage) });
    }
    const engines = [...uses.values()].map(({ found, stages }): EngineUse => ({
      engine: found.identity,
      stages: [...stages],
    }));
    const notices = new Set([...uses.values()].flatMap(({ found }) => engineNotice(found) ?? []));
    return {
      engine: engines[0]?.engine ?? this.#unused(),
      engines,
      ...(notices.size === 0 ? {} : { engineNotice: [...notices].join('\n') }),
    };
  }

  /** What would compute if anything did. */
  #unused(): ChosenEngine['identity'] {
    return this.#once('auto', () => inferenceEngine({ choice: 'auto', override: this.#override, stage: '' })).identity;
  }

  #once(need: string, find: () => ChosenEngine): ChosenEngine {
    const found = this.#found.get(need) ?? find();
    this.#found.set(need, found);
    return found;
  }
}

/** What is known without a plan: of what tasks have yet to make nothing is looked at. */
export function beforeAnyRan(context: ProcessContext): Foreknowledge {
  let engines: TaskEngines | undefined;
  return {
    engineOf: (task) => (engines ??= new TaskEngines(context)).of(task)?.identity,
    knownOutput: () => undefined,
  };
}

function trains({ kind }: TaskSpec): boolean {
  return kind.manifest.engine === true;
}

/** Why it is not the best one, and what to do: one line; undefined if it is. */
function engineNotice({ notice, remedy }: ChosenEngine): string | undefined {
  return notice === undefined || remedy === undefined ? notice : `${notice} (${remedy})`;
}
