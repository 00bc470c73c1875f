import { describe, type Node } from './node.ts';
import { suggestion } from './map-reader.ts';
import type { Problem, Problems } from './problems.ts';
import type { Reference } from './reference.ts';
import { resolveReferences, type LookUp } from './resolve.ts';
import type { Span } from './source-text.ts';

/** What references can mean wherever they stand in an experiment. */
export interface Scope {
  readonly params: ReadonlyMap<string, Node>;
  readonly seed: number;
  readonly run: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Resolves the parameters of the experiment, which may refer to each other, and gives the meaning of references in stages. */
export class ExperimentScope {
  readonly #scope: Scope;
  readonly #problems: Problems;
  readonly #resolved = new Map<string, Node>();
  readonly #open: string[] = [];

  constructor(scope: Scope, problems: Problems) {
    this.#scope = scope;
    this.#problems = problems;
  }

  /** A parameter of the experiment, resolved; undefined where there is none of this name. */
  param(name: string, at?: Span): Node | undefined {
    const known = this.#resolved.get(name);
    const written = this.#scope.params.get(name);
    if (known !== undefined || written === undefined) return known;
    if (this.#open.includes(name)) {
      const circle = [...this.#open.slice(this.#open.indexOf(name)), name].join(' -> ');
      this.#problems.add({
        code: 'reference-cycle',
        message: `parameters refer to each other in a circle: ${circle}`,
        at: at ?? written.at,
      });
      return { type: 'broken', at: written.at };
    }
    this.#open.push(name);
    const resolved = resolveReferences(written, this.lookUp, this.#problems);
    this.#open.pop();
    this.#resolved.set(name, resolved);
    return resolved;
  }

  readonly lookUp: LookUp = (reference, at) => {
    switch (reference.type) {
      case 'params':
        return this.#lookUpParam(reference.path, at);
      case 'env':
        return this.#lookUpVariable(reference, at);
      case 'seed':
        return { type: 'scalar', value: this.#scope.seed, at };
      case 'run-name':
        return { type: 'scalar', value: this.#scope.run, at };
      case 'output':
        return { type: 'output', reference, at };
      case 'matrix':
        return this.#unknown('this stage has no matrix', at);
    }
  };

  #lookUpParam(path: readonly string[], at: Span): Node {
    const [name = '', ...rest] = path;
    let node = this.param(name, at);
    if (node === undefined) {
      const known = [...this.#scope.params.keys()];
      const message = `the experiment has no parameter "${name}"${suggestion(name, known)}`;
      return this.#unknown(message, at, known.length > 0 ? `It has: ${known.join(', ')}.` : undefined);
    }
    for (const [depth, key] of rest.entries()) {
      if (node.type === 'broken') return node;
      const next: Node | undefined = node.type === 'map' ? node.entries.get(key)?.value : undefined;
      const above = `params.${path.slice(0, depth + 1).join('.')}`;
      if (next === undefined) return this.#unknown(`${above} ${hasNo(node, key)}`, at);
      node = next;
    }
    return node;
  }

  #lookUpVariable({ name, fallback }: Extract<Reference, { type: 'env' }>, at: Span): Node {
    const value = this.#scope.environment[name];
    // As in the shell: `:-` also holds where the variable is set to nothing.
    const found = value === undefined || value === '' ? fallback : value;
    if (found !== undefined) return { type: 'scalar', value: found, loose: true, at };
    this.#problems.add({
      code: 'missing-environment',
      message: `the environment variable ${name} is not set`,
      at,
      hint: `Set it, or give a default: \${env.${name}:-default}.`,
    });
    return { type: 'broken', at };
  }

  #unknown(message: string, at: Span, hint?: Problem['hint']): Node {
    this.#problems.add({ code: 'unknown-reference', message, at, hint });
    return { type: 'broken', at };
  }
}

function hasNo(node: Node, key: string): string {
  if (node.type !== 'map') return `is ${describe(node)}, which has no "${key}"`;
  return `has no "${key}"${suggestion(key, node.entries.keys())}`;
}
