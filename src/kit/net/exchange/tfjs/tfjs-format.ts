import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { makeOwnFolder, writeFileAtomic } from '../../../../core/atomic-file.ts';
import { graphModelText, isTfjsModel, readGraphModel } from '../../../codec/tfjs/graph-model.ts';
import { readWeightGroups } from '../../../codec/tfjs/weight-shards.ts';
import type { Model } from '../../model/model.ts';
import { assembleModel } from '../assemble-model.ts';
import type { ModelFormat, ModelReadOptions } from '../model-format.ts';
import { readGraph } from './read-graph.ts';
import { shardsOf } from './weight-shards.ts';
import { graphModelOf, producerName } from './write-graph-model.ts';

const ending = '.json';
const standardName = 'model.json';

/**
 * What pages in a browser load. `model.json` is the name of our own model folders too, so it means those where a model is written,
 * and where one is read its content decides.
 */
export const tfjsFormat = {
  name: 'tfjs',
  title: 'TensorFlow.js graph model (model.json, -shard1of1.bin)',
  summary: 'A graph that @tensorflow/tfjs-converter loads in a browser, with its weights in shards of 4 MB.',
  endings: [],
  standardName,
  recognises: (path: string) => isTfjsModel(fileAt(path)),
  filesAt: (path: string) => [fileAt(path)],
  companions: [],
  takes: { read: ['outputs', 'input', 'normalization'], write: [] },
  read(path: string, options: ModelReadOptions): Model {
    const file = fileAt(path);
    const stored = readGraphModel(file);
    const weights = readWeightGroups(stored.weights, file);
    const read = readGraph({ model: stored, weights, file }, options);
    const { generatedBy = '' } = stored;
    const origin = { format: 'tfjs', file: basename(file), producer: generatedBy };
    return assembleModel({ ...read, origin, file, isForeign: !generatedBy.startsWith(`${producerName} `) }, options);
  },
  /** `model.json` comes last: without it there is no model. */
  write(path: string, model: Model): void {
    const file = fileAt(path);
    const folder = dirname(file);
    const written = graphModelOf(model);
    const { group, shards } = shardsOf(written.weights, basename(file, ending));
    makeOwnFolder(folder);
    for (const { name, pieces } of shards) writeFileAtomic(join(folder, name), pieces);
    writeFileAtomic(file, graphModelText({ ...written.model, weights: [group] }));
  },
} as const satisfies ModelFormat;

/** A path that does not end in `.json` is the folder of the model. */
function fileAt(path: string): string {
  if (!path.endsWith(ending)) return join(path, standardName);
  return existsSync(path) && statSync(path).isDirectory() ? join(path, standardName) : path;
}
