import { failures, warnings } from './failures.ts';
import { describe, type Entry, type Node } from './node.ts';
import { locate, type Problems, type Span } from './problems.ts';
import { resolveReferences, type Reference, type ResolveReference } from './resolve-references.ts';

/** What references can name anywhere in an experiment. */
export interface GlobalValues {
  readonly params: ReadonlyMap<string, Entry>;
  readonly seed: number;
  /** Name of the run. */
  readonly run: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** What references mean in one instance of a stage. */
export interface Scope {
  readonly resolveReference: ResolveReference;
  /** The same for `env`, the only place where secrets are allowed. */
  readonly resolveInEnvironment: ResolveReference;
}

/** Resolves the parameters of the experiment, which may refer to each other, and the references in stages. */
export class ExperimentScope {
  readonly #values: GlobalValues;
  readonly #problems: Problems;
  readonly #used = new Set<string>();
  readonly #resolved = new Map<string, Node>();
  readonly #open: string[] = [];

  constructor(values: GlobalValues, problems: Problems) {
    this.#values = values;
    this.#problems = problems;
  }

  /** A parameter of the experiment, resolved; undefined for an unknown name. */
  param(name: string, at?: Span): Node | undefined {
    const known = this.#resolved.get(name);
    const written = this.#values.params.get(name)?.value;
    if (known !== undefined || written === undefined) return known;
    if (this.#open.includes(name)) {
      const circle = [...this.#open.slice(this.#open.indexOf(name)), name];
      const failure = failures.referenceCycle({ relation: 'parameters refer to', circle }, locate(at ?? written.at));
      this.#problems.add(failure);
      return { type: 'broken', at: written.at };
    }
    this.#open.push(name);
    const resolved = resolveReferences(written, this.resolveReference, this.#problems);
    this.#open.pop();
    this.#resolved.set(name, resolved);
    return resolved;
  }

  /** What a reference means outside of instances. */
  readonly resolveReference: ResolveReference = (reference, at) => {
    switch (reference.type) {
      case 'params':
        return this.#paramAt(reference.path, at);
      case 'env':
        return this.#variable(reference, at);
      case 'seed':
        return { type: 'scalar', value: this.#values.seed, at };
      case 'run-name':
        return { type: 'scalar', value: this.#values.run, at };
      case 'output':
        return { type: 'output', reference, at };
      case 'secret':
        this.#problems.add(failures.misplacedSecret({}, locate(at)));
        return { type: 'broken', at };
      case 'matrix':
        this.#problems.add(failures.noMatrixHere({}, locate(at)));
        return { type: 'broken', at };
      case 'stage-matrix':
        this.#problems.add(failures.misplacedMatrix({}, locate(at)));
        return { type: 'broken', at };
    }
  };

  /** @param values what `${matrix.NAME}` means in an instance */
  scopeOf(values: ReadonlyMap<string, Node>): Scope {
    const resolveReference: ResolveReference = (reference, at) =>
      reference.type === 'matrix' && values.size > 0
        ? this.#matrixValue(values, reference.path, at)
        : this.resolveReference(reference, at);
    const resolveInEnvironment: ResolveReference = (reference, at) =>
      reference.type === 'secret' ? this.#secret(reference.name, at) : resolveReference(reference, at);
    return { resolveReference, resolveInEnvironment };
  }

  /** Warns of parameters that nothing has referred to. */
  warnOfUnused(): void {
    for (const [name, { key }] of this.#values.params) {
      if (!this.#used.has(name)) this.#problems.warn(warnings.unusedParam({ name }, locate(key)));
    }
  }

  #paramAt(path: readonly string[], at: Span): Node {
    const [name = '', ...rest] = path;
    this.#used.add(name);
    const node = this.param(name, at);
    if (node !== undefined) return this.#descend(node, rest, { above: `params.${name}`, at });
    const known = [...this.#values.params.keys()];
    const facts = { owner: 'the experiment', what: 'parameter', name, known };
    this.#problems.add(failures.unknownReference(facts, locate(at)));
    return { type: 'broken', at };
  }

  #matrixValue(values: ReadonlyMap<string, Node>, path: readonly string[], at: Span): Node {
    const [name = '', ...rest] = path;
    const node = values.get(name);
    if (node !== undefined) return this.#descend(node, rest, { above: `matrix.${name}`, at });
    const facts = { owner: 'the matrix', name, known: [...values.keys()], list: false };
    this.#problems.add(failures.unknownReference(facts, locate(at)));
    return { type: 'broken', at };
  }

  #descend(node: Node, path: readonly string[], { above, at }: { above: string; at: Span }): Node {
    const [name, ...rest] = path;
    if (name === undefined || node.type === 'broken') return node;
    const next = node.type === 'map' ? node.entries.get(name)?.value : undefined;
    if (next !== undefined) return this.#descend(next, rest, { above: `${above}.${name}`, at });
    this.#problems.add(
      node.type === 'map'
        ? failures.unknownReference({ owner: above, name, known: [...node.entries.keys()], list: false }, locate(at))
        : failures.notMapping({ path: above, found: describe(node), name }, locate(at)),
    );
    return { type: 'broken', at };
  }

  #secret(name: string, at: Span): Node {
    const value = this.#values.environment[name];
    if (value !== undefined && value !== '') return { type: 'scalar', value, secret: true, at };
    this.#problems.add(failures.missingSecret({ name }, locate(at)));
    return { type: 'broken', at };
  }

  #variable({ name, fallback }: Extract<Reference, { type: 'env' }>, at: Span): Node {
    const value = this.#values.environment[name];
    if (/token|secret|passw(or)?d|credential|api_?key/i.test(name)) {
      this.#problems.warn(warnings.secretInValue({ name }, locate(at)));
    }
    // As in the shell: `:-` also holds if the variable is set to the empty string.
    const found = value === undefined || value === '' ? fallback : value;
    if (found !== undefined) return { type: 'scalar', value: found, loose: true, at };
    this.#problems.add(failures.missingEnvironment({ name }, locate(at)));
    return { type: 'broken', at };
  }
}
