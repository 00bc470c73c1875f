import { basename, dirname } from 'node:path';
import { makeOwnFolder, writeFileAtomic } from '../../../../core/atomic-file.ts';
import { onnxModel } from '../../../codec/onnx/onnx-model.ts';
import { decodeFile } from '../../../codec/read-file.ts';
import type { Model } from '../../model/model.ts';
import { assembleModel } from '../assemble-model.ts';
import type { ModelFormat, ModelReadOptions } from '../model-format.ts';
import { singleFileAt } from '../model-files.ts';
import { readOnnx } from './read-onnx.ts';
import { onnxBytes, producerName } from './write-onnx.ts';

const ending = '.onnx';
const standardName = 'model.onnx';

/** What current face networks are published as, and what onnxruntime runs. */
export const onnxFormat = {
  name: 'onnx',
  title: 'ONNX (.onnx)',
  summary: 'One file that onnxruntime and most frameworks run; foreign ones are read for inference.',
  endings: [ending],
  standardName,
  recognises: (path: string) => singleFileAt(path, { ending, standardName }) !== undefined,
  filesAt: (path: string) => [singleFileAt(path, { ending, standardName }) ?? path],
  companions: [],
  takes: { read: ['outputs', 'input', 'normalization'], write: [] },
  read(path: string, options: ModelReadOptions): Model {
    const file = singleFileAt(path, { ending, standardName }) ?? path;
    const stored = decodeFile(onnxModel, file);
    const { graph, arrays, isAssumedSize, notes } = readOnnx(stored, options, file);
    const { producerName: producer = '', producerVersion = '' } = stored;
    const isForeign = producer !== producerName;
    const origin = { format: 'onnx', file: basename(file), producer: `${producer} ${producerVersion}`.trim() };
    return assembleModel({ graph, arrays, origin, file, isAssumedSize, notes, isForeign }, options);
  },
  write(path: string, model: Model): void {
    makeOwnFolder(dirname(path));
    writeFileAtomic(path, onnxBytes(model));
  },
} as const satisfies ModelFormat;
