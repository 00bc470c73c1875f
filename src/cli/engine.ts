import type { EngineUse, RunEngines } from '../pipeline/execute/event.ts';
import { inferenceEngine } from '../kit/net/engines/choose-engine.ts';
import { parseEngineChoice, parseEngineOverride, type EngineOverride } from '../kit/net/engines/choose-engine.ts';
import { trainingEngine, type ChosenEngine } from '../kit/net/engines/choose-engine.ts';
import type { TaskSpec } from '../pipeline/experiment/experiment.ts';
import type { ProcessContext } from './flow-command.ts';

/** What `FLOW_ENGINE` asks for. */
export function engineRequest(surroundings: ProcessContext): EngineOverride | undefined {
  return parseEngineOverride(surroundings.environment['FLOW_ENGINE']);
}

/** Which engine each task computes with. Looks at files of the installation only, once per choice. */
export class TaskEngines {
  readonly #request: EngineOverride | undefined;
  readonly #found = new Map<string, ChosenEngine>();

  /** Fails where `FLOW_ENGINE` names no engine. */
  constructor(surroundings: ProcessContext) {
    this.#request = engineRequest(surroundings);
  }

  /** Undefined for a task that computes no tensors. Fails where what it asks for cannot be had. */
  of({ kind, params, stage }: TaskSpec): ChosenEngine | undefined {
    const request = this.#request;
    const { engine } = kind.manifest;
    if (engine === true) return this.#once('training', () => trainingEngine(request));
    if (engine !== 'inference') return undefined;
    const choice = parseEngineChoice(params['engine']);
    return this.#once(choice, () => inferenceEngine({ choice, override: request, stage }));
  }

  /** Fails where a task asks for an engine that cannot be had, so that nothing runs before that is known. */
  require(tasks: readonly TaskSpec[]): void {
    for (const task of tasks) this.of(task);
  }

  /** The engines of a run, those that train first, and what there is to say of them. */
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
    return this.#once('auto', () => inferenceEngine({ choice: 'auto', override: this.#request, stage: '' })).identity;
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

/** Why it is not the best one, and what to do: one line; undefined where there is nothing to say. */
function engineNotice({ notice, remedy }: ChosenEngine): string | undefined {
  return notice === undefined || remedy === undefined ? notice : `${notice} (${remedy})`;
}
