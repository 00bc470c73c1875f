import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../../../core/atomic-file.ts';
import { littleEndianBytes } from '../../codec/little-endian-floats.ts';
import { type MxnetArray, mxnetParams, toFloat32 } from '../../codec/mxnet/mxnet-params.ts';
import { decodeFile } from '../../codec/read-file.ts';
import type { NamedArray } from '../model/model.ts';
import { modelFormatOf } from './choose-format.ts';
import { folderFormat } from './folder-format.ts';
import { findCheckpoint, prefixOf, writtenPrefix } from './mxnet/checkpoint-paths.ts';
import { mxnetFormat } from './mxnet/mxnet-format.ts';

/*
 * The classifier of a training is no part of the network. A model folder may have it beside the network, for a training that goes
 * on from it: the trained arrays of the loss, in MXNet's format. A checkpoint of the 2018 system has it among its parameters.
 */
const fileName = 'classifier.params';

/** What all losses with a classifier call its arrays, those of the 2018 system too. */
const namePattern = /^(?:arg:)?(fc7_(?:weight|bias))$/;

/** Writes the arrays of a classifier into a model folder: fc7_weight [classes, embedding size], fc7_bias [classes]. */
export function writeClassifier(folder: string, arrays: readonly NamedArray[]): void {
  const stored = arrays.map(({ name, shape, values }): MxnetArray => {
    return { ...layout, name: `arg:${name}`, shape, data: littleEndianBytes(values) };
  });
  writeFileAtomic(join(folder, fileName), mxnetParams.encode(stored));
}

const layout = { version: 2, type: 'float32', device: { type: 1, id: 0 } } as const;

/** The names of the arrays that belong to a classifier. */
export function isOfClassifier(name: string): boolean {
  return namePattern.test(name);
}

/** The classifier of a model, and the file it is in; empty where it has none. Fails with the codes of the model's format. */
export function readClassifier(path: string): { readonly file: string; readonly arrays: readonly NamedArray[] } {
  const file = classifierFile(path);
  if (file === undefined) return { file: path, arrays: [] };
  const arrays = decodeFile(mxnetParams, file).flatMap((array): NamedArray[] => {
    const name = namePattern.exec(array.name)?.[1];
    return name === undefined ? [] : [{ name, shape: array.shape, values: toFloat32(array) }];
  });
  return { file, arrays };
}

function classifierFile(path: string): string | undefined {
  const { name } = modelFormatOf(path);
  if (name === mxnetFormat.name) {
    const { prefix, epoch } = prefixOf(path) ?? writtenPrefix(path);
    return findCheckpoint(prefix, epoch).parameters;
  }
  const file = join(path, fileName);
  return name === folderFormat.name && existsSync(file) ? file : undefined;
}
