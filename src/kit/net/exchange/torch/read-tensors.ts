import { basename } from 'node:path';
import { counted } from '../../../../core/human.ts';
import { fail } from '../../../../core/failure.ts';
import { floatsOf, type StoredTensor } from '../../../codec/torch/stored-tensor.ts';
import { failures } from '../../failures.ts';
import type { Graph } from '../../graph/graph.ts';
import type { Model, NamedArray } from '../../model/model.ts';
import { assembleModel } from '../assemble-model.ts';
import type { ModelReadOptions } from '../model-format.ts';
import { type KnownNetwork, knownNetworks, type Program } from './known-networks.ts';
import { TensorGraph } from './tensor-graph.ts';

interface TensorFile {
  readonly file: string;
  /** Of the model format. */
  readonly format: string;
  readonly tensors: readonly StoredTensor[];
}

/**
 * The network whose tensors these are, by their names and shapes. Tensors of anything else, such as the classifier and the
 * optimiser, are left out and listed in the notes. Fails with `unknown-network`, `unsupported-tensor` and the codes of
 * `assembleModel`.
 */
export function readTensors({ file, format, tensors }: TensorFile, options: ModelReadOptions): Model {
  const found = findNetwork(tensors) ?? fail(failures.unknownNetwork(whatIsThere(tensors), { file }));
  const { network, program, own, prefix } = found;
  const builder = new TensorGraph(new Map([...own].map(([name, { shape }]) => [name, shape])), program.epsilon);
  const output = network.build(builder);
  const graph = builder.build(options.input === undefined ? sizeOf(found, file) : inputOf(options.input), output);
  const arrays = [...own].flatMap(([name, tensor]) => (isCounter(name) ? [] : [arrayOf(name, tensor, file)]));
  const used = options.normalization ?? program.normalization;
  const origin = {
    format,
    file: basename(file),
    network: network.title,
    program: program.title,
    ...(prefix === '' ? {} : { prefix }),
  };
  return assembleModel(
    {
      graph,
      arrays: [...arrays, ...builder.constants],
      origin: { ...origin, ...(used === undefined ? {} : { normalization: { ...used } }) },
      file,
      isForeign: true,
      notes: notesOf(found, tensors, options),
    },
    used === undefined ? options : { ...options, normalization: used },
  );
}

interface FoundNetwork {
  readonly network: KnownNetwork;
  readonly program: Program;
  /** What stands before the names of its tensors. */
  readonly prefix: string;
  /** Prefixes of further networks of the kind. */
  readonly others: readonly string[];
  /** Its tensors by the names they have in it. */
  readonly own: ReadonlyMap<string, StoredTensor>;
}

/** The first network of a known kind. */
function findNetwork(tensors: readonly StoredTensor[]): FoundNetwork | undefined {
  for (const network of knownNetworks) {
    const prefixes = tensors
      .filter(({ name }) => name === network.sign || name.endsWith(`.${network.sign}`))
      .map(({ name }) => name.slice(0, name.length - network.sign.length));
    const [prefix, ...others] = prefixes;
    if (prefix === undefined) continue;
    const inside = tensors.flatMap((tensor) => {
      const name = tensor.name.startsWith(prefix) ? tensor.name.slice(prefix.length) : '';
      return network.parts.includes(name.split('.')[0] ?? '') ? [[name, tensor] as const] : [];
    });
    const own = new Map(inside);
    const program = network.programs.find(({ fits }) => fits({ prefix, has: (name) => own.has(name) }));
    if (program !== undefined) return { network, program, prefix, others, own };
  }
  return undefined;
}

/** How many batches a normalisation has seen: of use to its training only. */
function isCounter(name: string): boolean {
  return name.endsWith('.num_batches_tracked');
}

function arrayOf(name: string, tensor: StoredTensor, file: string): NamedArray {
  const values = floatsOf(tensor, tensor.read());
  if (values !== undefined) return { name, shape: tensor.shape, values };
  const message = `tensor "${tensor.name}" must be of floats, found ${tensor.type}`;
  return fail(failures.unsupportedTensor({ message }, { file }));
}

/** The image of which the fully connected layer's map remains: each of the four stages halves it. */
function sizeOf({ network, own, prefix }: FoundNetwork, file: string): Graph['input'] {
  const [, inputs = 0] = own.get(network.dense)?.shape ?? [];
  const channels = own.get(network.channels)?.shape[0] ?? 1;
  const stages = 4;
  const window = network.window === undefined ? undefined : own.get(network.window)?.shape[2];
  const side = window ?? Math.sqrt(inputs / channels);
  if (inputs > 0 && Number.isInteger(side))
    return { channels: 3, height: side * 2 ** stages, width: side * 2 ** stages };
  return fail(failures.sizeOfNetwork({ name: `${prefix}${network.dense}`, inputs, channels }, { file }));
}

function inputOf({ channels = 3, height, width }: NonNullable<ModelReadOptions['input']>): Graph['input'] {
  return { channels, height, width };
}

function notesOf(
  { network, program, prefix, others, own }: FoundNetwork,
  tensors: readonly StoredTensor[],
  { normalization }: ModelReadOptions,
): string[] {
  const where = prefix === '' ? '' : `, under "${prefix.slice(0, -1)}"`;
  const notes = [`Its tensors are those of ${network.title}${where}; it is read as ${program.title} has it.`];
  if (program.note !== undefined && (normalization === undefined || program.title !== 'CVLface')) {
    notes.push(program.note);
  }
  if (others.length > 0) {
    const names = others.map((other) => `"${other.slice(0, -1)}"`);
    notes.push(`There are further networks of the kind, which were left out: ${names.join(', ')}.`);
  }
  const taken = new Set(own.values());
  const left = tensors.filter((tensor) => !taken.has(tensor) && !isCounter(tensor.name));
  if (left.length > 0) {
    const groups = [...new Set(left.map(({ name }) => groupOf(name, prefix)))];
    const shown = `${groups.slice(0, 4).join(', ')}${groups.length > 4 ? ', ...' : ''}`;
    notes.push(`Left out: ${counted(left.length, 'tensor')} of anything else (${shown}).`);
  }
  return notes;
}

/** What a tensor belongs to: the first part of its name that is not the network's. */
function groupOf(name: string, prefix: string): string {
  const parts = name.split('.');
  const known = prefix.split('.');
  const first = parts.findIndex((part, index) => part !== known[index]);
  return parts.slice(0, Math.max(1, first + 1)).join('.');
}

function whatIsThere(tensors: readonly StoredTensor[]): Parameters<typeof failures.unknownNetwork>[0] {
  return {
    known: knownNetworks.map(({ title }) => title),
    names: tensors.map(({ name }) => name),
    shapes: tensors.map(({ shape }) => shape),
  };
}
