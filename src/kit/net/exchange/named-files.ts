import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { FailureError } from '../../../core/failure.ts';
import { externalLocations } from '../../codec/onnx/external-data.ts';
import { decodeFile } from '../../codec/read-file.ts';
import { isTfjsModel, readGraphModel } from '../../codec/tfjs/graph-model.ts';
import { weightsManifest } from '../../codec/tfjs/weights-manifest.ts';
import { folderFiles } from '../model/folder-files.ts';

/** What the files of a model name in their content, or mean besides themselves, as paths beside them; by the ending of the file that names them, the first that fits. */
const namedBy: Readonly<Record<string, (file: string) => Iterable<string>>> = {
  '.onnx': externalLocations,
  '-weights_manifest.json': (file) => decodeFile(weightsManifest, file).flatMap(({ paths }) => paths),
  [`${sep}${folderFiles.description}`]: (file) => (isTfjsModel(file) ? shardsOf(file) : besideDescription(file)),
  '.json': (file) => (isTfjsModel(file) ? shardsOf(file) : []),
};

function shardsOf(file: string): string[] {
  return readGraphModel(file).weights.flatMap(({ paths }) => paths);
}

function besideDescription(file: string): string[] {
  return [folderFiles.values, folderFiles.classifier].filter((name) => existsSync(join(dirname(file), name)));
}

/**
 * Absolute paths of the files that models are read from and that are in none of `models` (files or folders): the arrays
 * an ONNX file has elsewhere, the shards of a manifest or of a model of TensorFlow.js, the values beside a model.json. Files that are damaged or missing name nothing.
 */
export function* filesNamedBy(models: readonly string[]): Generator<string> {
  for (const model of models) {
    const isFolder = statSync(model, { throwIfNoEntry: false })?.isDirectory() === true;
    const inside = `${resolve(model)}${sep}`;
    for (const file of isFolder ? readdirSync(model).map((name) => join(model, name)) : [model]) {
      const [, find] = Object.entries(namedBy).find(([ending]) => file.endsWith(ending)) ?? [];
      if (find === undefined) continue;
      for (const name of namesIn(file, find)) {
        const path = resolve(dirname(file), name);
        if (!isFolder || !path.startsWith(inside)) yield path;
      }
    }
  }
}

function namesIn(file: string, find: (file: string) => Iterable<string>): readonly string[] {
  try {
    return [...find(file)];
  } catch (error) {
    // Who reads the model tells.
    if (!(error instanceof FailureError)) throw error;
    return [];
  }
}
