import { basename, dirname } from 'node:path';
import { makeOwnFolder, writeFileAtomic } from '../../../../core/atomic-file.ts';
import { littleEndianBytes, littleEndianFloats } from '../../../codec/little-endian-floats.ts';
import { decodeFile } from '../../../codec/read-file.ts';
import { safetensors, type SafeTensors } from '../../../codec/torch/safetensors.ts';
import type { ShapedGraph } from '../../graph/shaped-graph.ts';
import { inferShapes } from '../../graph/infer-shapes.ts';
import { parseGraph } from '../../model/model-file.ts';
import type { Model, NamedArray } from '../../model/model.ts';
import { assembleModel } from '../assemble-model.ts';
import type { ModelFormat, ModelReadOptions } from '../model-format.ts';
import { singleFileAt } from '../model-files.ts';
import { readTensors } from './read-tensors.ts';

const ending = '.safetensors';
const standardName = 'model.safetensors';
/** The graph as JSON, among the metadata. */
const graphName = 'faceflow.graph';

/**
 * Parameters by name. Those of a network that was read from PyTorch have its names, so that `load_state_dict` takes the
 * file; without a graph in the metadata the network is one of those that are known by their tensors.
 */
export const safetensorsFormat = {
  name: 'safetensors',
  title: 'safetensors file (.safetensors)',
  summary: 'Tensors by name for PyTorch, and nothing that runs; the graph as JSON in the metadata.',
  endings: [ending],
  standardName,
  recognises: (path: string) => singleFileAt(path, { ending, standardName }) !== undefined,
  filesAt: (path: string) => [singleFileAt(path, { ending, standardName }) ?? path],
  companions: [],
  takes: { read: ['input', 'normalization'], write: [] },
  read(path: string, options: ModelReadOptions): Model {
    const file = singleFileAt(path, { ending, standardName }) ?? path;
    const content = decodeFile(safetensors, file);
    const json = content.metadata[graphName];
    if (json !== undefined) return ownModel(content, { file, json, options });
    const tensors = content.tensors.map(({ data, ...rest }) => ({ ...rest, read: () => data }));
    return readTensors({ file, format: 'safetensors', tensors }, options);
  },
  write(path: string, { shaped, parameters }: Model): void {
    const tensors = [...parameters.values()]
      .filter(({ name, values }) => !isWithoutTensor(shaped, name, values))
      .map(({ name, shape, values }) => ({ name, type: 'F32' as const, shape, data: littleEndianBytes(values) }));
    const metadata = { [graphName]: JSON.stringify(shaped.graph), format: 'pt' };
    makeOwnFolder(dirname(path));
    writeFileAtomic(path, safetensors.encode({ metadata, tensors }));
  },
} as const satisfies ModelFormat;

interface OwnFile {
  readonly file: string;
  readonly json: string;
  readonly options: ModelReadOptions;
}

/** What was written here, with the normalisation in the graph. */
function ownModel({ tensors }: SafeTensors, { file, json, options }: OwnFile): Model {
  const graph = parseGraph(json, file);
  const arrays = tensors.map(({ name, shape, data }): NamedArray => ({
    name,
    shape,
    values: littleEndianFloats(data),
  }));
  const there = new Set(arrays.map(({ name }) => name));
  const shaped = inferShapes(graph, file);
  for (const { name, shape, initial } of shaped.parameters) {
    if (there.has(name) || typeof initial !== 'number' || !isWithoutTensor(shaped, name)) continue;
    arrays.push({ name, shape, values: new Float32Array(shape[0] ?? 0).fill(initial) });
  }
  const origin = { format: 'safetensors', file: basename(file) };
  return assembleModel({ graph, arrays, origin, file, isForeign: false }, options);
}

/**
 * Whether a parameter is one that PyTorch does not have: the factor and the addend of a normalisation without them, beside
 * statistics that have PyTorch's names; `values`: only if they do nothing.
 */
function isWithoutTensor({ graph, parameters }: ShapedGraph, name: string, values?: Float32Array): boolean {
  const parameter = parameters.find((each) => each.name === name);
  if (parameter === undefined || !['gamma', 'beta'].includes(parameter.suffix)) return false;
  if (values?.some((value) => value !== parameter.initial) === true) return false;
  const names = graph.layers.find((layer) => layer.name === parameter.layer)?.parameterNames ?? {};
  return names['moving_mean'] !== undefined && names[parameter.suffix] === undefined;
}
