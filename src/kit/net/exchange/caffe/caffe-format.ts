import { basename, dirname } from 'node:path';
import { makeOwnFolder, writeFileAtomic } from '../../../../core/atomic-file.ts';
import { netOfText, textOfNet } from '../../../codec/caffe/net-text.ts';
import type { NetParameter } from '../../../codec/caffe/schema.ts';
import { caffemodel } from '../../../codec/caffe/caffemodel.ts';
import { prototxt } from '../../../codec/caffe/prototxt.ts';
import { decodeFile } from '../../../codec/read-file.ts';
import type { Model } from '../../model/model.ts';
import { assembleModel } from '../assemble-model.ts';
import type { ModelFormat, ModelReadOptions, ModelWriteOptions } from '../model-format.ts';
import { fileEndings, findPaths, pathsOf } from './caffe-paths.ts';
import { namedArrays } from './named-arrays.ts';
import { readNet } from './read-net.ts';
import { writeNet } from './write-net.ts';

/** Reads what Caffe and its converters wrote, both generations of layers; writes what BVLC Caffe and OpenCV's dnn read. */
export const caffeFormat = {
  name: 'caffe',
  title: 'Caffe network and weights (.prototxt, .caffemodel)',
  summary: 'What Caffe, OpenCV and many vendors of accelerators read; the normalisation of the input is the caller’s.',
  endings: ['.prototxt', '.caffemodel'],
  standardName: 'model.caffemodel',
  recognises: (path: string) => findPaths(path) !== undefined,
  filesAt: (path: string) => Object.values(findPaths(path) ?? pathsOf(path)).filter((file) => file !== undefined),
  companions: fileEndings,
  takes: { read: ['outputs', 'input', 'normalization'], write: ['normalization'] },
  read(path: string, options: ModelReadOptions): Model {
    const named = pathsOf(path);
    const { weights, structure } = findPaths(path) ?? { ...named };
    const learned = decodeFile(caffemodel, weights);
    const net = structure === undefined ? learned : readStructure(structure);
    const files = { structure: structure ?? weights, weights };
    const { graph, arrays, normalization } = readNet({ structure: net, weights: learned, files }, options);
    const used = options.normalization ?? normalization;
    const origin = {
      format: 'caffe',
      weights: basename(weights),
      ...(structure === undefined ? {} : { structure: basename(structure) }),
      ...(used === undefined ? {} : { normalization: { ...used } }),
    };
    const isForeign = 'if-it-embeds' as const;
    const graphFile = files.structure;
    const parts = { graph, graphFile, arrays: namedArrays(graph, arrays, files), origin, file: weights, isForeign };
    return assembleModel(parts, used === undefined ? options : { ...options, normalization: used });
  },
  write(path: string, model: Model, options: ModelWriteOptions): void {
    const { structure, weights } = pathsOf(path);
    const net = writeNet(model, { normalization: options.normalization ?? 'outside', file: weights });
    makeOwnFolder(dirname(weights));
    writeFileAtomic(weights, caffemodel.encode(net));
    writeFileAtomic(structure, prototxt.encode(textOfNet(net)));
  },
} as const satisfies ModelFormat;

function readStructure(file: string): NetParameter {
  return netOfText(decodeFile(prototxt, file), file);
}
