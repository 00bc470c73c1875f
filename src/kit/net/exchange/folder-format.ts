import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
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
  recognises: (path: string) => existsSync(join(folderOf(path), jsonName)),
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
