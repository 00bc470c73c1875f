import { existsSync, statSync } from 'node:fs';
import { fail, FailureError } from '../core/failure.ts';
import { inspectPath } from '../kit/inspect/inspect-path.ts';
import type { Inspection } from '../kit/inspect/inspection.ts';
import type { ShapedGraph } from '../kit/net/graph/infer-shapes.ts';
import type { Model } from '../kit/net/model/model-folder.ts';
import { mayBeDueToSize } from '../kit/net/exchange/assumed-size.ts';
import { recognisedFormat } from '../kit/net/exchange/choose-format.ts';
import type { ModelFormat, InputSize } from '../kit/net/exchange/model-format.ts';
import { readModelAs } from '../kit/net/exchange/read-model-as.ts';
import { inspectModel } from './network-text.ts';

/** What a path holds, and the network where that is one. */
export type Inspected = Inspection & { readonly network?: ShapedGraph };

export interface InspectOptions {
  /** How many images to look at. */
  readonly limit: number;
  /** Size of the images, where a model leaves it open. */
  readonly input: InputSize | undefined;
  /** Nothing but a network will do: what is wrong with it is a failure, not part of what is told. */
  readonly mustBeNetwork: boolean;
}

/**
 * Tells of what lies at a path. Models of every format are shown as networks as well as files, each network of a file
 * with several by itself.
 */
export async function inspectNetworks(path: string, options: InspectOptions): Promise<Inspected[]> {
  const { mustBeNetwork, input, limit } = options;
  const format = recognisedFormat(path);
  // A prefix of a checkpoint is no file.
  const told = format === undefined || existsSync(path) ? await inspectPath(path, limit) : undefined;
  if (format !== undefined) return inspectModels({ format, path, told }, options);
  if (!mustBeNetwork && input === undefined && told !== undefined) return [told];
  fail({
    code: 'no-model',
    message: `--svg and --input are for models; found: ${told?.title ?? 'nothing'}.`,
    at: { file: path },
  });
}

interface ModelPlace {
  readonly format: ModelFormat;
  readonly path: string;
  /** What there is to say of the file or folder itself. */
  readonly told: Inspection | undefined;
}

function inspectModels({ format, path, told }: ModelPlace, { input, mustBeNetwork }: InspectOptions): Inspected[] {
  const networks = format.networksIn?.(path) ?? [path];
  try {
    return networks.map((network) => {
      const model = readAsItIs(format, network, input);
      const inspected = { ...inspectModel(network, format.title, model), network: model.inferred };
      // A folder that is a model, and a network of several, have no more to say as files.
      return told === undefined || network !== path || statSync(path).isDirectory() ? inspected : both(told, inspected);
    });
  } catch (error) {
    if (!(error instanceof FailureError) || mustBeNetwork || told === undefined) throw error;
    const { failures } = error;
    const isHarmless = mayBeDueToSize(failures) || failures.every(({ code }) => isBeyondUs.has(code));
    if (!isHarmless) return [{ ...told, damage: [...told.damage, ...failures] }];
    const notes = failures.map(({ message, hint }) => `Not shown as a network: ${message} ${hint ?? ''}`.trim());
    return [{ ...told, notes: [...told.notes, ...notes] }];
  }
}

function both(file: Inspection, network: Inspected): Inspected {
  const names = new Set(network.facts.map(({ name }) => name));
  const facts = file.facts.map((fact) => (names.has(fact.name) ? { ...fact, name: `${fact.name} in the file` } : fact));
  return { ...network, ...file, facts: [...facts, ...network.facts], notes: [...file.notes, ...network.notes] };
}

/** What is no damage: more or less than one network, or one of kinds of layers that there are not here. */
const isBeyondUs: ReadonlySet<string> = new Set([
  'no-graph',
  'no-parameters',
  'several-models',
  'no-input',
  'unknown-operator',
  'unsupported-operator',
  'unsupported-layer',
  'unsupported-input',
  'unsupported-tensor',
]);

/** A network that does not say how its images are normalised can be looked at all the same. */
function readAsItIs(format: ModelFormat, path: string, input: InputSize | undefined): Model {
  const options = input === undefined ? {} : { input };
  try {
    return readModelAs({ format, path, options });
  } catch (error) {
    const isOpen = error instanceof FailureError && error.failures[0].code === 'normalization-unknown';
    if (!isOpen) throw error;
    const asItIs = { mean: 0, scale: 1, colorOrder: 'rgb' } as const;
    const model = readModelAs({ format, path, options: { ...options, normalization: asItIs } });
    const note = 'The file does not say how images are to be normalised; who uses it has to.';
    return { ...model, notes: [...(model.notes ?? []), note] };
  }
}
