import { createHash } from 'node:crypto';
import { without } from './compose.ts';
import type { StageKind, TaskSpec } from './experiment.ts';
import type { Scope } from './experiment-scope.ts';
import { failures } from './failures.ts';
import { mapLeaves, MapReader, nodeAt, originOf, toJson, type Entry, type MapNode, type Node } from './node.ts';
import { validateParams, validatorOf, type Validator } from './params-validator.ts';
import { bindPorts, declaredPorts, type LooseBinding } from './ports.ts';
import { locate, type Problems, type Span } from './problems.ts';
import { resolveReferences } from './resolve-references.ts';
import type { Instance, StageDraft } from './stage-instances.ts';
import { readSettings, type Need } from './task-settings.ts';

/** A task whose edges still name stages, not tasks. */
export interface TaskDraft {
  /** What is known without them. */
  readonly task: Omit<TaskSpec, 'inputs' | 'after' | 'at'>;
  readonly at: Span;
  readonly instance: Instance;
  readonly inputs: Readonly<Record<string, readonly LooseBinding[]>>;
  readonly needs: readonly Need[];
}

export interface TaskContext {
  readonly workspace: string;
  /** Of the experiment. */
  readonly seed: number;
  /** The folder of compiled validators. */
  readonly validators: string;
  readonly problems: Problems;
}

/** Turns stages into tasks: references resolved, `with` split into ports and parameters, parameters validated. */
export class TaskBuilder {
  readonly #context: TaskContext;
  readonly #validators = new Map<object, Validator>();

  constructor(context: TaskContext) {
    this.#context = context;
  }

  build(draft: StageDraft, instance: Instance, scope: Scope): TaskDraft {
    const { problems, workspace, seed } = this.#context;
    const { name, owner, at } = draft;
    const stage = this.#resolve(draft, scope);
    const reader = new MapReader(stage, problems, owner);
    const given = reader.mapAt('with') ?? { type: 'map', entries: new Map<string, Entry>(), at };
    const { kind, ports, params } = this.#split(draft, given);
    const written: MapNode = { type: 'map', entries: params, at: given.at };
    const { needs, ...settings } = readSettings(stage, kind.manifest, { owner, problems });
    return {
      task: {
        id: instance.label === '' ? name : `${name}[${instance.label}]`,
        stage: name,
        kind,
        params: validateParams(written, this.#validatorOf(kind), {
          subject: { owner, at, alternatives: Object.keys(kind.manifest.inputs), schema: kind.manifest.params },
          problems,
        }),
        locate: (pointer) => {
          const { node, exact } = nodeAt(written, pointer);
          return exact ? locate(originOf(node)) : undefined;
        },
        seed: reader.integer('seed') ?? derivedSeed(seed, kind.manifest.name),
        matrix: Object.fromEntries([...instance.values].map(([axis, node]) => [axis, toJson(node)])),
        ...settings,
      },
      inputs: bindPorts(kind.manifest.inputs, ports, { workspace, owner, at, problems }),
      needs,
      instance,
      at,
    };
  }

  /** The settings, parameters and inputs of a stage, references resolved. */
  #resolve({ map }: StageDraft, { resolveReference, resolveInEnvironment }: Scope): MapNode {
    const { problems } = this.#context;
    const rest = resolveReferences(without(map, 'uses', 'if', 'matrix', 'env'), resolveReference, problems);
    const environment = map.entries.get('env');
    if (rest.type !== 'map' || environment === undefined) return rest.type === 'map' ? rest : map;
    const value = resolveReferences(environment.value, resolveInEnvironment, problems);
    return { ...rest, entries: new Map(rest.entries).set('env', { key: environment.key, value }) };
  }

  #split(draft: StageDraft, given: MapNode): { kind: StageKind; ports: Entries; params: Entries } {
    const { kind, owner } = draft;
    if (kind.manifest.declaresPorts === true) {
      const { manifest, ports, params } = declaredPorts(kind.manifest, given, {
        owner,
        problems: this.#context.problems,
      });
      const resolved = [...params].map(([name, entry]) => this.#asParam(name, entry, draft));
      return { kind: { ...kind, manifest }, ports, params: new Map(resolved) };
    }
    const ports = new Map<string, Entry>();
    const params = new Map<string, Entry>();
    for (const [name, entry] of given.entries) {
      if (Object.hasOwn(kind.manifest.inputs, name)) ports.set(name, entry);
      else params.set(...this.#asParam(name, entry, draft));
    }
    return { kind, ports, params };
  }

  #asParam(name: string, { key, value }: Entry, draft: StageDraft): [string, Entry] {
    return [name, { key, value: this.#withoutOutputs(value, name, draft) }];
  }

  #validatorOf({ manifest }: StageKind): Validator {
    let validator = this.#validators.get(manifest.params);
    if (validator === undefined) {
      validator = validatorOf(manifest.params, this.#context.validators);
      this.#validators.set(manifest.params, validator);
    }
    return validator;
  }

  /** Outputs flow into ports; one in a parameter is a mistake. */
  #withoutOutputs(node: Node, name: string, draft: StageDraft): Node {
    return mapLeaves(node, (leaf) => {
      if (leaf.type === 'scalar') return leaf;
      const facts = { owner: draft.owner, name, ports: Object.keys(draft.kind.manifest.inputs) };
      this.#context.problems.add(failures.misplacedOutput(facts, locate(leaf.via ?? leaf.at)));
      return { type: 'broken', at: leaf.at };
    });
  }
}

type Entries = ReadonlyMap<string, Entry>;

/**
 * The seed of a stage that sets none: the first 32 bits of a digest of the experiment's seed and the kind of stage.
 * Not of the stage's own name, so that renaming a stage reruns nothing.
 */
export function derivedSeed(experimentSeed: number, kind: string): number {
  return createHash('sha256')
    .update(`${String(experimentSeed)} ${kind}`)
    .digest()
    .readUInt32LE(0);
}
