import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from '../base/digest.ts';
import { closeKilledRuns } from './past-runs.ts';
import type { FlowDatabase } from './open-database.ts';
import { replayRun } from './replay-run.ts';
import { runFileName } from './run-folder.ts';

/** Ids of the runs whose folders are there. */
export function runFolders(runsFolder: string): string[] {
  return readdirSync(runsFolder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(runsFolder, entry.name, runFileName)))
    .map((entry) => entry.name)
    .sort();
}

/** Writes every run whose folder is there into the database anew. Gives their ids. */
export function rebuildDatabase(
  database: FlowDatabase,
  runsFolder: string,
  documentOf: (key: string) => Json | undefined,
): string[] {
  const ids = runFolders(runsFolder);
  for (const id of ids) replayRun(database, join(runsFolder, id), documentOf);
  closeKilledRuns(database);
  return ids;
}

/** What is wrong with a database, in sentences; empty where nothing is. */
export function checkDatabase(database: FlowDatabase, runsFolder: string): string[] {
  const integrity = database.pragma('integrity_check') as readonly { readonly integrity_check: string }[];
  const orphans = database.pragma('foreign_key_check') as readonly { readonly table: string }[];
  const recorded = new Set(database.prepare<[], string>('select id from run').pluck().all());
  const there = new Set(runFolders(runsFolder));
  return [
    ...integrity.map((row) => row.integrity_check).filter((text) => text !== 'ok'),
    ...orphans.map(({ table }) => `a row of table ${table} belongs to nothing`),
    ...[...there].filter((id) => !recorded.has(id)).map((id) => `run ${id} has a folder and is not in the database`),
    ...[...recorded].filter((id) => !there.has(id)).map((id) => `run ${id} is in the database and has no folder`),
  ];
}
