import { basename, resolve } from 'node:path';
import { ExperimentFiles } from '../experiment/compose.ts';
import type { TableSpec } from '../experiment/experiment.ts';
import type { MapNode } from '../experiment/node.ts';
import { Problems } from '../experiment/problems.ts';
import { readTable } from '../experiment/read-table.ts';
import type { StageFolders } from '../experiment/stage-kinds.ts';
import { type WrittenTable, writtenTable } from './definition.ts';

export interface TableFileRequest {
  /** Absolute, or relative to the workspace. */
  readonly file: string;
  /** Absolute. */
  readonly workspace: string;
  readonly stageFolders: StageFolders;
}

/**
 * The table in a file; undefined if the file holds an experiment. Throws a FailureError with all mistakes of the file.
 */
export function readTableFile({ file, workspace, stageFolders }: TableFileRequest): WrittenTable | undefined {
  const problems = new Problems();
  const path = resolve(workspace, file);
  const map = new ExperimentFiles({ workspace }, problems).mapIn(path, undefined, 'table');
  problems.throwIfAny();
  if (map === undefined) throw new Error('a file that could not be read was not reported');
  if (isExperiment(map)) return undefined;
  const name = basename(file).replace(/\.ya?ml$/, '');
  const { source, start } = map.at;
  const at = { source, start, end: start + 1 };
  const spec: TableSpec = readTable(map, { owner: `table "${name}"`, at }, { stageFolders, problems });
  problems.throwIfAny();
  return writtenTable(name, spec);
}

const ofExperiments = ['stages', 'extends', 'params', 'profiles', 'tables', 'seed', 'summary'];
/** Of a table, and of nothing else. */
const ofTables = [
  'rows',
  'columns',
  'experiment',
  'over',
  'published',
  'title',
  'caption',
  'into',
  'output',
  'footnotes',
];

/** What has keys of neither is read as an experiment, which tells what it lacks; so does a table that lacks rows. */
function isExperiment({ entries }: MapNode): boolean {
  return ofExperiments.some((key) => entries.has(key)) || !ofTables.some((key) => entries.has(key));
}
