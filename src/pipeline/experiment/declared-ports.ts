import { MapReader } from './map-reader.ts';
import type { Entry, MapNode, Node } from './node.ts';
import type { Problems } from './problems.ts';
import {
  artifactKinds,
  type ArtifactKind,
  type InputPort,
  type OutputPort,
  type StageManifest,
} from './stage-manifest.ts';

export interface DeclaredPorts {
  readonly manifest: StageManifest;
  /** Values of the input ports. */
  readonly ports: ReadonlyMap<string, Entry>;
  /** What is left: the parameters. */
  readonly params: ReadonlyMap<string, Entry>;
}

/**
 * The ports of a stage that leaves them to the experiment (`shell`): `inputs`, a map of paths and outputs, and `outputs`,
 * a map of file names, or of `{ path, kind, summary }`. What a command writes stays among its parameters, and so in its key.
 */
export function declaredPorts(manifest: StageManifest, given: MapNode, tools: Tools): DeclaredPorts {
  const reader = new MapReader(given, tools.problems, tools.owner);
  const ports = reader.mapAt('inputs')?.entries ?? new Map<string, Entry>();
  const outputs = [...(reader.mapAt('outputs')?.entries ?? [])].flatMap(([name, entry]) => {
    const port = outputPort(name, entry, tools);
    return port === undefined ? [] : [[name, port] as const];
  });
  for (const [name, { key }] of ports) refuseName(name, key, tools);
  refuseClashes(ports, reader.mapAt('outputs')?.entries ?? new Map<string, Entry>(), tools);
  const params = new Map(given.entries);
  params.delete('inputs');
  return {
    manifest: {
      ...manifest,
      inputs: Object.fromEntries([...ports].map(([name, { value }]) => [name, inputPort(value)])),
      outputs: Object.fromEntries(outputs),
    },
    ports,
    params,
  };
}

interface Tools {
  readonly owner: string;
  readonly problems: Problems;
}

function inputPort(value: Node): InputPort {
  const many = value.type === 'list' || (value.type === 'output' && value.reference.instance === '*');
  return { kind: 'any', summary: 'an input of the command', many };
}

function outputPort(name: string, { key, value }: Entry, tools: Tools): OutputPort | undefined {
  if (refuseName(name, key, tools) || value.type === 'broken') return undefined;
  const summary = 'written by the command';
  if (value.type === 'scalar' && typeof value.value === 'string')
    return checked({ kind: 'file', summary, path: value.value }, value, tools);
  // The schema of the parameters says so.
  if (value.type !== 'map') return undefined;
  const reader = new MapReader(value, tools.problems, `output "${name}" of ${tools.owner}`);
  reader.refuseOthers(['path', 'kind', 'summary']);
  reader.require('path');
  const path = reader.text('path');
  const kind = kindOf(reader.text('kind') ?? 'file', reader.node('kind') ?? value, tools);
  if (path === undefined || kind === undefined) return undefined;
  return checked({ kind, summary: reader.text('summary') ?? summary, path }, value, tools);
}

function kindOf(kind: string, node: Node, { problems }: Tools): ArtifactKind | undefined {
  if (isKind(kind)) return kind;
  const kinds = Object.keys(artifactKinds).join(', ');
  problems.add({
    code: 'bad-setting',
    message: `there is no kind of artifact "${kind}"`,
    at: node.at,
    hint: `Kinds: ${kinds}.`,
  });
  return undefined;
}

function isKind(kind: string): kind is ArtifactKind {
  return Object.hasOwn(artifactKinds, kind);
}

/** The same form of names as in schemas/stage.schema.json: no path leads out of the folder of outputs. */
function checked(port: OutputPort, { at }: Node, { owner, problems }: Tools): OutputPort | undefined {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(port.path)) return port;
  problems.add({
    code: 'bad-name',
    message: `an output of ${owner} must be a plain file name, found "${port.path}"`,
    at,
    hint: 'The command finds the path to write to in the variable of the same name as the output.',
  });
  return undefined;
}

/** An input and an output of one name would share a variable; `scratch` is the folder of the task's own. */
function refuseClashes(inputs: ReadonlyMap<string, Entry>, outputs: ReadonlyMap<string, Entry>, tools: Tools): void {
  for (const [name, { key }] of [...inputs, ...outputs]) {
    const twice = inputs.has(name) && outputs.get(name)?.key === key;
    if (!twice && name !== 'scratch') continue;
    const message = twice
      ? `"${name}" of ${tools.owner} is the name of an input and of an output, which share a variable`
      : `"scratch" of ${tools.owner} is no name for a port: the variable holds the folder of the task's own`;
    tools.problems.add({ code: 'bad-name', message, at: key });
  }
}

/** Names of ports become variables in the environment of the command, in which only such names are sure to be free. */
function refuseName(name: string, at: Entry['key'], { owner, problems }: Tools): boolean {
  if (/^[a-z][A-Za-z0-9]*$/.test(name)) return false;
  problems.add({
    code: 'bad-name',
    message: `"${name}" is no name for a port of ${owner}: expected a small letter, then letters and digits`,
    at,
  });
  return true;
}
