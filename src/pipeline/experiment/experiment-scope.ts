import type { Meaning } from './build-task.ts';
import { describe, type Entry, type Node } from './node.ts';
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
  readonly #used = new Set<string>();
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
      case 'secret':
        this.#problems.add({
          code: 'misplaced-secret',
          message: 'a secret can only stand in the "env" of a stage: everything else is recorded',
          at,
        });
        return { type: 'broken', at };
      case 'matrix':
        return this.#unknown('there is no matrix here', at);
      case 'stage-matrix':
        return this.#unknown('the matrix of another stage can only be the whole value of "matrix"', at);
    }
  };

  /** What references mean in one instance of a stage. */
  meaningIn(values: ReadonlyMap<string, Node>): Meaning {
    const lookUp: LookUp = (reference, at) =>
      reference.type === 'matrix' && values.size > 0
        ? this.#lookUpValue(values, reference.path, at)
        : this.lookUp(reference, at);
    const lookUpInEnvironment: LookUp = (reference, at) =>
      reference.type === 'secret' ? this.#lookUpSecret(reference.name, at) : lookUp(reference, at);
    return { lookUp, lookUpInEnvironment };
  }

  /** Warns of parameters that nothing has referred to. */
  warnOfUnused(keys: ReadonlyMap<string, Entry>): void {
    for (const [name, { key }] of keys) {
      if (this.#used.has(name)) continue;
      const message = `nothing refers to the parameter "${name}"`;
      this.#problems.warn({ code: 'unused-param', message, at: key });
    }
  }

  #lookUpParam(path: readonly string[], at: Span): Node {
    const [name = '', ...rest] = path;
    this.#used.add(name);
    const node = this.param(name, at);
    if (node === undefined) {
      const known = [...this.#scope.params.keys()];
      const message = `the experiment has no parameter "${name}"${suggestion(name, known)}`;
      return this.#unknown(message, at, known.length > 0 ? `It has: ${known.join(', ')}.` : undefined);
    }
    return this.#descend(node, rest, { above: `params.${name}`, at });
  }

  #lookUpValue(values: ReadonlyMap<string, Node>, path: readonly string[], at: Span): Node {
    const [name = '', ...rest] = path;
    const node = values.get(name);
    if (node === undefined) return this.#unknown(`the matrix has no "${name}"${suggestion(name, values.keys())}`, at);
    return this.#descend(node, rest, { above: `matrix.${name}`, at });
  }

  #descend(node: Node, path: readonly string[], { above, at }: { above: string; at: Span }): Node {
    const [key, ...rest] = path;
    if (key === undefined || node.type === 'broken') return node;
    const next = node.type === 'map' ? node.entries.get(key)?.value : undefined;
    if (next === undefined) return this.#unknown(`${above} ${hasNo(node, key)}`, at);
    return this.#descend(next, rest, { above: `${above}.${key}`, at });
  }

  #lookUpSecret(name: string, at: Span): Node {
    const value = this.#scope.environment[name];
    if (value !== undefined && value !== '') return { type: 'scalar', value, secret: true, at };
    this.#problems.add({
      code: 'missing-environment',
      message: `the environment variable ${name}, which holds a secret, is not set`,
      at,
    });
    return { type: 'broken', at };
  }

  #lookUpVariable({ name, fallback }: Extract<Reference, { type: 'env' }>, at: Span): Node {
    const value = this.#scope.environment[name];
    if (/token|secret|passw(or)?d|credential|api_?key/i.test(name)) {
      this.#problems.warn({
        code: 'secret-in-value',
        message: `the variable ${name} sounds like a secret, but flows into a value that is recorded`,
        at,
        hint: `A secret is handed to a stage by its "env": { ${name}: \${secret.${name}} }.`,
      });
    }
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
