import { resolve } from 'node:path';
import { companionFiles } from '../../core/companion-files.ts';
import type { PathBinding } from './experiment.ts';
import { failures } from './failures.ts';
import {
  describe,
  isNull,
  MapReader,
  type Entry,
  type ListNode,
  type MapNode,
  type Node,
  type OutputNode,
} from './node.ts';
import { locate, type Problems, type Span } from './problems.ts';
import {
  artifactKinds,
  type ArtifactKind,
  type InputPort,
  type OutputPort,
  type StageManifest,
} from './stage-manifest.ts';

interface PortContext {
  /** What the stage is called in errors: `stage "train"`. */
  readonly owner: string;
  readonly problems: Problems;
}

export interface DeclaredPorts {
  readonly manifest: StageManifest;
  /** Values of the input ports. */
  readonly ports: ReadonlyMap<string, Entry>;
  /** What is left: the parameters. */
  readonly params: ReadonlyMap<string, Entry>;
}

/**
 * The ports of a stage that leaves them to the experiment (`shell`): `inputs`, a mapping of paths and outputs, and `outputs`,
 * a mapping of file names, or of `{ path, kind, summary }`. What a command writes stays among its parameters, and so in its key.
 */
export function declaredPorts(manifest: StageManifest, given: MapNode, context: PortContext): DeclaredPorts {
  const reader = new MapReader(given, context.problems, context.owner);
  const ports = reader.mapAt('inputs')?.entries ?? new Map<string, Entry>();
  const outputs = [...(reader.mapAt('outputs')?.entries ?? [])].flatMap(([name, entry]) => {
    const port = outputPort(name, entry, context);
    return port === undefined ? [] : [[name, port] as const];
  });
  for (const [name, { key }] of ports) refuseName(name, key, context);
  refuseSamePaths(new Map(outputs), reader.mapAt('outputs')?.entries ?? new Map<string, Entry>(), context);
  refuseClashes(ports, reader.mapAt('outputs')?.entries ?? new Map<string, Entry>(), context);
  const params = new Map(given.entries);
  params.delete('inputs');
  const keepsWork = truthOf(reader.node('checkpoint'));
  // Whether a program may resume changes nothing of its result: it is no part of the key.
  if (keepsWork !== undefined) params.delete('checkpoint');
  return {
    manifest: {
      ...manifest,
      ...(keepsWork === true ? { checkpoint: true } : {}),
      inputs: Object.fromEntries([...ports].map(([name, { value }]) => [name, inputPort(value)])),
      outputs: Object.fromEntries(outputs),
    },
    ports,
    params,
  };
}

/** What is no truth value is left to the schema of the parameters, which reports it. */
function truthOf(node: Node | undefined): boolean | undefined {
  if (node?.type !== 'scalar' || !['true', 'false'].includes(String(node.value))) return undefined;
  return typeof node.value === 'boolean' || node.loose === true ? String(node.value) === 'true' : undefined;
}

function inputPort(value: Node): InputPort {
  const many = value.type === 'list' || (value.type === 'output' && value.reference.instance === '*');
  return { kind: 'any', summary: 'an input of the command', many };
}

function outputPort(name: string, { key, value }: Entry, context: PortContext): OutputPort | undefined {
  if (refuseName(name, key, context) || value.type === 'broken') return undefined;
  const summary = 'written by the command';
  if (value.type === 'scalar' && typeof value.value === 'string') {
    return checked({ kind: 'file', summary, path: value.value }, value, context);
  }
  // Reported by the schema of the parameters.
  if (value.type !== 'map') return undefined;
  const reader = new MapReader(value, context.problems, `output "${name}" of ${context.owner}`);
  reader.refuseOthers(['path', 'kind', 'summary']);
  reader.require('path');
  const path = reader.text('path');
  const kind = kindOf(reader.text('kind') ?? 'file', reader.node('kind') ?? value, context);
  if (path === undefined || kind === undefined) return undefined;
  return checked({ kind, summary: reader.text('summary') ?? summary, path }, value, context);
}

function kindOf(kind: string, node: Node, { problems }: PortContext): ArtifactKind | undefined {
  if (isKind(kind)) return kind;
  problems.add(failures.unknownArtifactKind({ kind, known: Object.keys(artifactKinds) }, locate(node.at)));
  return undefined;
}

function isKind(kind: string): kind is ArtifactKind {
  return Object.hasOwn(artifactKinds, kind);
}

/** The same form of names as in schemas/stage.schema.json: no path leads out of the folder of outputs. */
function checked(port: OutputPort, { at }: Node, { owner, problems }: PortContext): OutputPort | undefined {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(port.path)) return port;
  problems.add(failures.badOutputPath({ owner, path: port.path }, locate(at)));
  return undefined;
}

/** An input and an output of one name would share a variable; `scratch` is the folder of the task's own. */
function refuseClashes(
  inputs: ReadonlyMap<string, Entry>,
  outputs: ReadonlyMap<string, Entry>,
  { owner, problems }: PortContext,
): void {
  for (const [name, { key }] of [...inputs, ...outputs]) {
    const twice = inputs.has(name) && outputs.get(name)?.key === key;
    if (twice) problems.add(failures.portNameTwice({ name, owner }, locate(key)));
    else if (name === 'scratch') problems.add(failures.scratchPort({ owner }, locate(key)));
  }
}

/** What is written to one output must not be the content of another. */
function refuseSamePaths(
  outputs: ReadonlyMap<string, OutputPort>,
  entries: ReadonlyMap<string, Entry>,
  { owner, problems }: PortContext,
): void {
  const names = new Map<string, string>();
  for (const [second, { path }] of outputs) {
    const first = names.get(path);
    const entry = entries.get(second);
    if (first === undefined || entry === undefined) names.set(path, second);
    else problems.add(failures.outputPathTwice({ owner, path, first, second }, locate(entry.value.at)));
  }
}

/** Names of ports become variables in the environment of the command: only names of this form are sure to be free. */
function refuseName(name: string, at: Span, { owner, problems }: PortContext): boolean {
  if (/^[a-z][A-Za-z0-9]*$/.test(name)) return false;
  problems.add(failures.badPortName({ name, owner }, locate(at)));
  return true;
}

/** One value bound to an input port, the task behind an output not yet looked up. */
export type LooseBinding = PathBinding | { readonly type: 'output'; readonly node: OutputNode };

export interface BindContext extends PortContext {
  readonly workspace: string;
  /** Where the stage is written. */
  readonly at: Span;
}

/** Reads the values of input ports, which are paths and outputs. Reports what is missing and what is neither. */
export function bindPorts(
  ports: Readonly<Record<string, InputPort>>,
  given: ReadonlyMap<string, Entry>,
  context: BindContext,
): Record<string, readonly LooseBinding[]> {
  const inputs: Record<string, readonly LooseBinding[]> = {};
  for (const [name, port] of Object.entries(ports)) {
    const value = given.get(name)?.value;
    const unbound = value === undefined || isNull(value);
    inputs[name] = unbound ? [] : new PortBinder(name, port, context).bind(value);
    if (unbound && port.optional !== true) {
      const facts = { owner: context.owner, name, summary: port.summary };
      context.problems.add(failures.unboundInput(facts, locate(context.at)));
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
    this.#context.problems.add(failures.badInput({ what: this.#title, found: describe(value) }, locate(value.at)));
    return [];
  }

  #bindList(list: ListNode): LooseBinding[] {
    if (this.#port.many === true) return list.items.flatMap((item) => this.bind(item));
    this.#context.problems.add(failures.tooManyInputs({ what: this.#title }, locate(list.at)));
    return [];
  }
}
