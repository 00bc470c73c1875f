import { basename, dirname } from 'node:path';
import { makeOwnFolder, writeFileAtomic } from '../../../core/atomic-file.ts';
import { fail } from '../../../core/failure.ts';
import { littleEndianBytes, littleEndianFloats } from '../../codec/little-endian-floats.ts';
import { npz, type NpzEntry } from '../../codec/numpy/npz.ts';
import { decodeFile } from '../../codec/read-file.ts';
import { failures } from '../failures.ts';
import { parseGraph } from '../model/model-file.ts';
import type { Model, NamedArray } from '../model/model.ts';
import { assembleModel } from './assemble-model.ts';
import type { ModelFormat } from './model-format.ts';
import { singleFileAt } from './model-files.ts';

const ending = '.npz';
const standardName = 'model.npz';
/** The graph as JSON, among the arrays: bytes of text without dimensions, `json.loads(file['graph.json'].item())`. */
const graphName = 'graph.json';

/** For looking into: every parameter is an array that numpy.load returns by its name. */
export const npzFormat = {
  name: 'npz',
  title: 'NumPy archive (.npz)',
  summary: 'Parameters by name for numpy.load, with the graph as JSON among them; for debugging.',
  endings: [ending],
  standardName,
  recognises: (path: string) => singleFileAt(path, { ending, standardName }) !== undefined,
  filesAt: (path: string) => [singleFileAt(path, { ending, standardName }) ?? path],
  companions: [],
  // Its content was written here, with the normalisation in the graph.
  takes: { read: [], write: [] },
  read(path: string): Model {
    const file = singleFileAt(path, { ending, standardName }) ?? path;
    const entries = decodeFile(npz, file);
    const graph = entries.find(({ name }) => name === graphName);
    if (graph === undefined) fail(failures.noGraph({ name: graphName }, { file }));
    const arrays = entries.filter((entry) => entry !== graph).map((entry) => arrayOf(entry, file));
    const origin = { format: 'npz', file: basename(file) };
    return assembleModel({
      graph: parseGraph(Buffer.from(graph.data).toString(), file),
      arrays,
      origin,
      file,
      isForeign: false,
    });
  },
  write(path: string, { shaped, parameters }: Model): void {
    const text = Buffer.from(JSON.stringify(shaped.graph));
    const plain = { fortranOrder: false, compressed: false } as const;
    const entries = [...parameters.values()].map(({ name, shape, values }): NpzEntry => {
      return { ...plain, name, type: '<f4', shape, data: littleEndianBytes(values) };
    });
    entries.push({ ...plain, name: graphName, type: `|S${text.length}`, shape: [], data: text });
    makeOwnFolder(dirname(path));
    writeFileAtomic(path, npz.encode(entries));
  },
} as const satisfies ModelFormat;

function arrayOf({ name, type, shape, fortranOrder, data }: NpzEntry, file: string): NamedArray {
  if (type === '<f4' && !fortranOrder) return { name, shape, values: littleEndianFloats(data) };
  const found = `"${type}"${fortranOrder ? ', column by column' : ''}`;
  const message = `array "${name}" must be of float32 ("<f4"), row by row; found ${found}`;
  fail(failures.unsupportedTensor({ message, hint: storeAgain }, { file }));
}

const storeAgain = `Store it again: numpy.ascontiguousarray(array, 'float32').`;
