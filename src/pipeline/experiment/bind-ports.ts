import { resolve } from 'node:path';
import { companionFiles } from '../../core/companion-files.ts';
import type { Binding } from './experiment.ts';
import { describe, type Entry, type ListNode, type Node, type OutputNode } from './node.ts';
import type { Problems } from './problems.ts';
import { locate, type Span } from './source-text.ts';
import type { InputPort } from './stage-manifest.ts';

/** One value bound to an input port, the task behind an output not yet looked up. */
export type LooseBinding = Extract<Binding, { type: 'path' }> | { readonly type: 'output'; readonly node: OutputNode };

export interface BindContext {
  readonly workspace: string;
  /** What the stage is called in errors: `stage "train"`. */
  readonly owner: string;
  /** Where the stage is written. */
  readonly at: Span;
  readonly problems: Problems;
}

/** What the values given for input ports are: paths and outputs. Says what is missing and what is neither. */
export function bindPorts(
  ports: Readonly<Record<string, InputPort>>,
  given: ReadonlyMap<string, Entry>,
  context: BindContext,
): Record<string, readonly LooseBinding[]> {
  const inputs: Record<string, readonly LooseBinding[]> = {};
  for (const [name, port] of Object.entries(ports)) {
    const value = given.get(name)?.value;
    const unbound = value === undefined || isNothing(value);
    inputs[name] = unbound ? [] : new PortBinder(name, port, context).bind(value);
    if (unbound && port.optional !== true) {
      context.problems.add({
        code: 'unbound-input',
        message: `${context.owner} needs the input "${name}": ${phrase(port.summary)}`,
        at: context.at,
      });
    }
  }
  return inputs;
}

class PortBinder {
  readonly #title: string;
  readonly #port: InputPort;
  readonly #context: BindContext;

  constructor(name: string, port: InputPort, context: BindContext) {
    this.#title = `input "${name}" of ${context.owner}`;
    this.#port = port;
    this.#context = context;
  }

  bind(value: Node): LooseBinding[] {
    if (value.type === 'broken') return [];
    if (value.type === 'list') return this.#bindList(value);
    if (value.type === 'output') return [{ type: 'output', node: value }];
    if (value.type === 'scalar' && typeof value.value === 'string' && value.value !== '') {
      const path = resolve(this.#context.workspace, value.value);
      const companions = companionFiles(path, this.#port.companions ?? []);
      return [{ type: 'path', path, written: value.value, companions, at: locate(value.via ?? value.at) }];
    }
    this.#context.problems.add({
      code: 'bad-input',
      message: `${this.#title} must be a path or an output, found ${describe(value)}`,
      at: value.at,
    });
    return [];
  }

  #bindList(list: ListNode): LooseBinding[] {
    if (this.#port.many === true) return list.items.flatMap((item) => this.bind(item));
    const message = `${this.#title} takes one value, found a list`;
    this.#context.problems.add({ code: 'too-many-inputs', message, at: list.at });
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
