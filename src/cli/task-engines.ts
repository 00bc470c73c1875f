import type { EngineUse, RunEngines } from '../pipeline/execute/event.ts';
import {
  inferenceEngine,
  parseEngineChoice,
  parseEngineOverride,
  trainingEngine,
  type ChosenEngine,
  type EngineOverride,
} from '../kit/net/engines/choose-engine.ts';
import type { TaskSpec } from '../pipeline/experiment/experiment.ts';
import type { ProcessContext } from './flow-command.ts';

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

function trains({ kind }: TaskSpec): boolean {
  return kind.manifest.engine === true;
}

/** Why it is not the best one, and what to do: one line; undefined if it is. */
function engineNotice({ notice, remedy }: ChosenEngine): string | undefined {
  return notice === undefined || remedy === undefined ? notice : `${notice} (${remedy})`;
}
