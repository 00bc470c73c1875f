import { existsSync, statSync } from 'node:fs';
import { fail, FailureError } from '../core/failure.ts';
import { humanBytes } from '../core/human.ts';
import { inspectPath } from '../kit/inspect/inspect-path.ts';
import { shownValue, type Inspection } from '../kit/inspect/inspection.ts';
import { elementCount } from '../kit/net/graph/feature-shape.ts';
import type { ShapedGraph } from '../kit/net/graph/shaped-graph.ts';
import { licencesOfModels, licenceText } from '../kit/net/model/weight-licences.ts';
import type { Model } from '../kit/net/model/model.ts';
import { mayBeDueToSize } from '../kit/net/exchange/assumed-size.ts';
import { recognisedFormat } from '../kit/net/exchange/choose-format.ts';
import type { ModelFormat, InputSize } from '../kit/net/exchange/model-format.ts';
import { readModelAs } from '../kit/net/exchange/read-model-as.ts';
import { failures } from './failures.ts';

/** What is at a path, and the network if it is one. */
export type Inspected = Inspection & { readonly network?: ShapedGraph };

export interface InspectOptions {
  /** How many images to look at. */
  readonly limit: number;
  /** Size of the images, if a model leaves it open. */
  readonly input: InputSize | undefined;
  /** The path must be a network: what is wrong with it is a failure, not part of the description. */
  readonly mustBeNetwork: boolean;
}

/**
 * Describes what is at a path. Models of every format are shown as networks as well as files, each network of a file
 * with several by itself.
 */
export async function inspectNetworks(path: string, options: InspectOptions): Promise<Inspected[]> {
  const { mustBeNetwork, input, limit } = options;
  const format = recognisedFormat(path);
  // The prefix of a checkpoint is not a file.
  const described = format === undefined || existsSync(path) ? await inspectPath(path, limit) : undefined;
  if (format !== undefined) return inspectModels({ format, path, described }, options);
  if (!mustBeNetwork && input === undefined && described !== undefined) return [described];
  fail(failures.noModel({ found: described?.title ?? 'nothing' }, { file: path }));
}

interface ModelPlace {
  readonly format: ModelFormat;
  readonly path: string;
  /** The file or folder itself. */
  readonly described: Inspection | undefined;
}

function inspectModels({ format, path, described }: ModelPlace, { input, mustBeNetwork }: InspectOptions): Inspected[] {
  const networks = format.networksIn?.(path) ?? [path];
  const licences = licenceFacts(path);
  try {
    return networks.map((network) => {
      const model = readAsItIs(format, network, input);
      const facts = modelFacts(network, format.title, model);
      const inspected = { ...facts, facts: [...facts.facts, ...licences], network: model.shaped };
      // A folder that is a model, and a network of several, have no more to say as files.
      return described === undefined || network !== path || statSync(path).isDirectory()
        ? inspected
        : both(described, inspected);
    });
  } catch (error) {
    if (!(error instanceof FailureError) || mustBeNetwork || described === undefined) throw error;
    const found = error.failures;
    const isHarmless = mayBeDueToSize(found) || found.every(({ code }) => isBeyondUs.has(code));
    if (!isHarmless) return [{ ...described, damage: [...described.damage, ...found] }];
    const notes = found.map(
      ({ message, hint }) => `Not shown as a network: ${[message, hint].filter(Boolean).join('. ')}`,
    );
    return [{ ...described, notes: [...described.notes, ...notes] }];
  }
}

function both(file: Inspection, network: Inspected): Inspected {
  const names = new Set(network.facts.map(({ name }) => name));
  const facts = file.facts.map((fact) => (names.has(fact.name) ? { ...fact, name: `${fact.name} in the file` } : fact));
  return { ...network, ...file, facts: [...facts, ...network.facts], notes: [...file.notes, ...network.notes] };
}

/** Not damage: more or less than one network, or one with kinds of layers that we lack. */
const isBeyondUs: ReadonlySet<string> = new Set([
  'no-graph',
  'no-parameters',
  'several-models',
  'no-input',
  'unknown-network',
  'unknown-operator',
  'unsupported-operator',
  'unsupported-layer',
  'unsupported-input',
  'unsupported-tensor',
]);

/** A network can be described even if it leaves open how images are normalised. */
function readAsItIs(format: ModelFormat, path: string, input: InputSize | undefined): Model {
  const options = input === undefined ? {} : { input };
  try {
    return readModelAs({ format, path, options });
  } catch (error) {
    const isOpen = error instanceof FailureError && error.failures[0].code === 'normalization-unknown';
    if (!isOpen) throw error;
    const asItIs = { mean: 0, scale: 1, colorOrder: 'rgb' } as const;
    const model = readModelAs({ format, path, options: { ...options, normalization: asItIs } });
    const note = 'The file does not specify how images are normalised; the program that uses it has to.';
    return { ...model, notes: [...(model.notes ?? []), note] };
  }
}

/** What may be done with weights that are known, and whose they are. */
function licenceFacts(path: string): Inspection['facts'] {
  return licencesOfModels([path]).flatMap((weights) => [
    { name: 'licence', value: `${weights.name}: ${licenceText(weights)}` },
    { name: 'published by', value: weights.origin },
  ]);
}

/** What a model is, as facts; its layers are a table of their own. */
function modelFacts(path: string, title: string, { shaped, origin, notes = [] }: Model): Inspection {
  const { graph, shapes, parameters, multiplyAdds } = shaped;
  const counted = (auxiliary: boolean): number =>
    parameters
      .filter(({ role }) => (role === 'auxiliary') === auxiliary)
      .reduce((sum, { shape }) => sum + elementCount(shape), 0);
  const { channels, height, width } = graph.input;
  const origins = Object.entries(origin).map(([name, value]) => ({
    name: `origin: ${name}`,
    value: typeof value === 'string' || typeof value === 'number' ? value : JSON.stringify(value),
  }));
  return {
    path,
    format: 'model',
    title,
    summary: 'A network with its parameters.',
    facts: [
      { name: 'takes', value: `${channels} x ${height} x ${width}` },
      ...graph.outputs.map((output) => ({
        name: 'gives',
        value: `${output}: ${(shapes.get(output) ?? []).join(' x ')}`,
      })),
      { name: 'layers', value: graph.layers.length },
      { name: 'parameters', value: counted(false) },
      { name: 'moving statistics', value: counted(true) },
      { name: 'size as float32', value: humanBytes(4 * (counted(false) + counted(true))) },
      { name: 'multiply-adds', value: `${shownValue(multiplyAdds)} for one image` },
      ...origins,
    ],
    notes,
    damage: [],
    samples: [],
  };
}
