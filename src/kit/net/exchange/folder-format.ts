import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isTfjsModel } from '../../codec/tfjs/graph-model.ts';
import { folderFiles } from '../model/folder-files.ts';
import { readModel, writeModel } from '../model/model-folder.ts';
import type { Model } from '../model/model.ts';
import type { ModelFormat } from './model-format.ts';

const { description: jsonName } = folderFiles;

/** What training writes: `model.json` and `parameters.bin` in a folder of their own. */
export const folderFormat = {
  name: 'folder',
  title: 'model folder (model.json, parameters.bin)',
  summary: 'What `train` writes and every stage reads: the graph as JSON, the values as float32 in one file.',
  endings: [`/${jsonName}`, '/'],
  standardName: '',
  recognises(path: string): boolean {
    const file = join(folderOf(path), jsonName);
    // TensorFlow.js has a file of that name too.
    return existsSync(file) && !isTfjsModel(file);
  },
  filesAt: (path: string) => [join(folderOf(path), jsonName)],
  companions: [],
  takes: { read: [], write: [] },
  read: (path: string) => readModel(folderOf(path)),
  write(path: string, { shaped, parameters, origin }: Model) {
    writeModel(folderOf(path), { graph: shaped.graph, parameters: parameters.values(), origin });
  },
} as const satisfies ModelFormat;

/** `model.json` may be named in place of its folder. */
export function folderOf(path: string): string {
  return path.endsWith(`/${jsonName}`) && statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true
    ? dirname(path)
    : path;
}
