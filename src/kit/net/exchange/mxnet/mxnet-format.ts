import { basename, dirname } from 'node:path';
import { makeOwnFolder, writeFileAtomic } from '../../../../core/atomic-file.ts';
import { fail, throwIfAny } from '../../../../core/failure.ts';
import { type MxnetArray, mxnetParams, toFloat32 } from '../../../codec/mxnet/mxnet-params.ts';
import { mxnetSymbol, type MxnetSymbol } from '../../../codec/mxnet/mxnet-symbol.ts';
import { decodeFile } from '../../../codec/read-file.ts';
import { repeatedName } from '../../../codec/repeated-name.ts';
import { failures } from '../../failures.ts';
import { type Graph, inputName } from '../../graph/graph.ts';
import type { Model, NamedArray } from '../../model/model.ts';
import { assembleModel } from '../assemble-model.ts';
import { assumedSize } from '../assumed-size.ts';
import type { ModelFormat, ModelReadOptions, ModelWriteOptions } from '../model-format.ts';
import {
  type CheckpointPaths,
  fileEndings,
  findCheckpoint,
  hasSymbol,
  pathsOf,
  prefixOf,
  writtenPrefix,
} from './checkpoint-paths.ts';
import { embeddingHeads } from './embedding-heads.ts';
import { isTooLarge, spreadDims, spreadKernel } from '../spread-kernel.ts';
import { readSymbol } from './read-symbol.ts';
import { arraysOf, symbolOf } from './write-symbol.ts';

/** What the 2018 system trains and publishes. Reads checkpoints of any MXNet; writes what MXNet 1.x reads. */
export const mxnetFormat = {
  name: 'mxnet',
  title: 'MXNet checkpoint (-symbol.json, -0000.params)',
  summary: 'Graph and parameters as MXNet saves them; training checkpoints are cut at the embedding.',
  endings: ['-symbol.json', '.params'],
  standardName: 'model-0000.params',
  recognises: hasSymbol,
  filesAt: (path: string) => [pathsOf((prefixOf(path) ?? writtenPrefix(path)).prefix, 0).symbol],
  companions: fileEndings,
  takes: { read: ['epoch', 'outputs', 'input', 'normalization'], write: ['epoch'] },
  read(path: string, options: ModelReadOptions): Model {
    const asked = prefixOf(path) ?? writtenPrefix(path);
    const paths = findCheckpoint(asked.prefix, options.epoch ?? asked.epoch);
    const symbol = decodeFile(mxnetSymbol, paths.symbol);
    const heads = embeddingHeads(symbol, options.outputs, paths.symbol);
    const stated = statedSize(symbol);
    const input = { ...assumedSize, ...stated, ...options.input };
    const isAssumedSize = stated === undefined && options.input === undefined;
    const read = readSymbol(symbol, { file: paths.symbol, heads, input });
    const { graph, parameters, notes, scalars, constants, dilations } = read;
    const stored = decodeFile(mxnetParams, paths.parameters);
    checkNames(stored, symbol, paths);
    const named = stored.flatMap((array): NamedArray[] => {
      const name = plainName(array.name);
      if (!parameters.has(name)) return [];
      const values = toFloat32(array);
      const spread = values.length === 1 ? scalars.get(name) : undefined;
      // One slope for all channels, as Gluon's PReLU has it.
      if (spread !== undefined)
        return [{ name, shape: [spread], values: new Float32Array(spread).fill(values[0] ?? 0) }];
      const dilation = dilations.get(name);
      if (dilation === undefined || array.shape.length !== 4) return [{ name, shape: array.shape, values }];
      // Larger than any network has: the symbol and the parameters are told to differ.
      if (isTooLarge(spreadDims(array.shape, dilation))) return [{ name, shape: array.shape, values }];
      const apart = spreadKernel({ dims: array.shape, values }, dilation);
      return [{ name, shape: apart.dims, values: apart.values }];
    });
    const origin = {
      format: 'mxnet',
      symbol: basename(paths.symbol),
      parameters: basename(paths.parameters),
      epoch: paths.epoch,
    };
    const arrays = [...named, ...constants];
    const parts = { graph, arrays, origin, file: paths.parameters, graphFile: paths.symbol, isAssumedSize, notes };
    return assembleModel({ ...parts, isForeign: wasWrittenHere(symbol) ? false : 'if-it-embeds' }, options);
  },
  write(path: string, model: Model, options: ModelWriteOptions): void {
    const named = writtenPrefix(path);
    const paths = pathsOf(named.prefix, options.epoch ?? named.epoch ?? 0);
    makeOwnFolder(dirname(paths.symbol));
    writeFileAtomic(paths.parameters, mxnetParams.encode(arraysOf(model)));
    writeFileAtomic(paths.symbol, mxnetSymbol.encode(symbolOf(model.shaped)));
  },
} as const satisfies ModelFormat;

/** More arrays without a layer than these do not each get a failure of their own. */
const maxFailures = 5;

/**
 * An array that no variable of the symbol names is one too many; those of a classifier that has been cut off are not.
 * Fails with `parameters-mismatch`: once for each, or for all together where they are many.
 */
function checkNames(arrays: readonly MxnetArray[], symbol: MxnetSymbol, paths: CheckpointPaths): void {
  const file = paths.parameters;
  const variables = new Set(symbol.nodes.filter(({ op }) => op === 'null').map(({ name }) => name));
  const twice = repeatedName(arrays.flatMap(({ name }) => (name === '' ? [] : [plainName(name)])));
  if (twice !== undefined) fail(failures.nameTwice({ what: 'arrays', name: twice }, { file }));
  const homeless = arrays.map(({ name }) => plainName(name)).filter((name) => !variables.has(name));
  const at = { file };
  if (homeless.length > 0 && homeless.every((name) => name === '')) fail(failures.unnamedParameters({}, at));
  if (homeless.length > maxFailures) {
    const symbol = basename(paths.symbol);
    fail(failures.foreignParameters({ names: homeless, total: arrays.length, symbol }, at));
  }
  throwIfAny(homeless.map((name) => failures.strayParameter({ name, owner: ' of the symbol' }, at)));
}

/** The size of the images, where the variable `data` states it. */
function statedSize(symbol: MxnetSymbol): Graph['input'] | undefined {
  const data = symbol.nodes.find(({ op, name }) => op === 'null' && name === inputName);
  const sizes =
    /^[([](.*)[)\]]$/
      .exec(data?.attrs['__shape__'] ?? '')?.[1]
      ?.split(',')
      .map(Number) ?? [];
  const [, channels = 0, height = 0, width = 0] = sizes;
  return sizes.length === 4 && channels > 0 && height > 0 && width > 0 ? { channels, height, width } : undefined;
}

/** `symbolOf` states the size with a batch of 0, any; trainings state none, or that of their batches. */
function wasWrittenHere(symbol: MxnetSymbol): boolean {
  const data = symbol.nodes.find(({ op, name }) => op === 'null' && name === inputName);
  return (data?.attrs['__shape__'] ?? '').startsWith('(0,');
}

function plainName(name: string): string {
  return name.replace(/^(arg|aux):/, '');
}
