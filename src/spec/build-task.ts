import { resolve } from 'node:path';
import type { Binding, StageKind, TaskSpec } from './experiment.ts';
import { describe, nodeAt, type Entry, type ListNode, type MapNode, type Node, type OutputNode } from './node.ts';
import { validatorOf, type Validator } from './params-validator.ts';
import type { Problems } from './problems.ts';
import type { StageDraft } from './read-stages.ts';
import { resolveReferences, type LookUp } from './resolve.ts';
import { derivedSeed } from './seed.ts';
import { locate, type Span } from './source-text.ts';
import type { InputPort } from './stage-manifest.ts';
import { validateParams } from './validate-params.ts';

/** One value bound to an input port, the task behind an output not yet looked up. */
export type LooseBinding = Extract<Binding, { type: 'path' }> | { readonly type: 'output'; readonly node: OutputNode };

/** A task whose inputs still name stages, not tasks. */
export interface TaskDraft extends Omit<TaskSpec, 'inputs' | 'at'> {
  readonly at: Span;
  readonly inputs: Readonly<Record<string, readonly LooseBinding[]>>;
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
  readonly #workspace: string;
  readonly #seed: number;
  readonly #compiledFolder: string;
  readonly #problems: Problems;
  readonly #validators = new Map<StageKind, Validator>();

  constructor({ workspace, seed, validators, problems }: TaskContext) {
    this.#workspace = workspace;
    this.#seed = seed;
    this.#compiledFolder = validators;
    this.#problems = problems;
  }

  build(draft: StageDraft, lookUp: LookUp): TaskDraft {
    const { manifest } = draft.kind;
    const ports = new Map<string, Entry>();
    const params = new Map<string, Entry>();
    for (const [name, entry] of draft.with.entries) {
      const value = resolveReferences(entry.value, lookUp, this.#problems);
      if (Object.hasOwn(manifest.inputs, name)) ports.set(name, { key: entry.key, value });
      else params.set(name, { key: entry.key, value: this.#withoutOutputs(value, name, draft) });
    }
    const written: MapNode = { type: 'map', entries: params, at: draft.with.at };
    return {
      id: draft.name,
      stage: draft.name,
      kind: draft.kind,
      params: validateParams(written, this.#validatorOf(draft.kind), {
        subject: { owner: `stage "${draft.name}"`, at: draft.at, alternatives: Object.keys(manifest.inputs) },
        problems: this.#problems,
      }),
      locate: (pointer) => {
        const { node, exact } = nodeAt(written, pointer);
        return exact ? locate(node.at) : undefined;
      },
      inputs: this.#bind(draft, ports),
      seed: draft.seed ?? derivedSeed(this.#seed, manifest.name),
      at: draft.at,
    };
  }

  #validatorOf(kind: StageKind): Validator {
    let validator = this.#validators.get(kind);
    if (validator === undefined) {
      validator = validatorOf(kind.manifest.params, this.#compiledFolder);
      this.#validators.set(kind, validator);
    }
    return validator;
  }

  /** Outputs flow into ports; one in a parameter is a mistake. */
  #withoutOutputs(node: Node, name: string, draft: StageDraft): Node {
    if (node.type === 'list') {
      return { ...node, items: node.items.map((item) => this.#withoutOutputs(item, name, draft)) };
    }
    if (node.type === 'map') {
      const entries = [...node.entries].map(([key, { key: at, value }]): [string, Entry] => [
        key,
        { key: at, value: this.#withoutOutputs(value, name, draft) },
      ]);
      return { ...node, entries: new Map(entries) };
    }
    if (node.type !== 'output') return node;
    const ports = Object.keys(draft.kind.manifest.inputs);
    this.#problems.add({
      code: 'misplaced-output',
      message: `stage "${draft.name}" has no input port "${name}" that could take an output`,
      at: node.at,
      hint: ports.length > 0 ? `Its input ports: ${ports.join(', ')}.` : 'It has no input ports.',
    });
    return { type: 'broken', at: node.at };
  }

  #bind(draft: StageDraft, ports: ReadonlyMap<string, Entry>): Record<string, readonly LooseBinding[]> {
    const inputs: Record<string, readonly LooseBinding[]> = {};
    for (const [name, port] of Object.entries(draft.kind.manifest.inputs)) {
      const value = ports.get(name)?.value;
      inputs[name] = value === undefined ? [] : this.#bindPort({ name, port, stage: draft.name }, value);
      const unbound = value === undefined || isNothing(value);
      if (unbound && port.optional !== true) {
        this.#problems.add({
          code: 'unbound-input',
          message: `stage "${draft.name}" needs the input "${name}": ${phrase(port.summary)}`,
          at: draft.at,
        });
      }
    }
    return inputs;
  }

  #bindPort(port: { name: string; port: InputPort; stage: string }, value: Node): LooseBinding[] {
    if (isNothing(value) || value.type === 'broken') return [];
    if (value.type === 'list') return this.#bindList(port, value);
    if (value.type === 'output') return [{ type: 'output', node: value }];
    if (value.type === 'scalar' && typeof value.value === 'string' && value.value !== '') {
      const path = resolve(this.#workspace, value.value);
      return [{ type: 'path', path, written: value.value, at: locate(value.via ?? value.at) }];
    }
    this.#problems.add({
      code: 'bad-input',
      message: `input "${port.name}" of stage "${port.stage}" must be a path or an output, found ${describe(value)}`,
      at: value.at,
    });
    return [];
  }

  #bindList(port: { name: string; port: InputPort; stage: string }, list: ListNode): LooseBinding[] {
    if (port.port.many === true) return list.items.flatMap((item) => this.#bindPort(port, item));
    this.#problems.add({
      code: 'too-many-inputs',
      message: `input "${port.name}" of stage "${port.stage}" takes one value, found a list`,
      at: list.at,
    });
    return [];
  }
}

function isNothing(node: Node): boolean {
  return node.type === 'scalar' && node.value === null;
}

/** A sentence as part of another one. */
function phrase(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1).replace(/\.$/, '');
}
