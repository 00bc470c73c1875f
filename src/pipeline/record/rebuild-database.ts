import { existsSync, readdirSync } from 'node:fs';
import type { Key, KeyDocument } from '../plan/key-document.ts';
import { join } from 'node:path';
import { FailureError } from '../../core/failure.ts';
import { closeKilledRuns } from './past-runs.ts';
import { isDamagedDatabase, openDatabase, removeDatabase, renameDatabase, type FlowDatabase } from './open-database.ts';
import { eventDamage, replayWhole } from './replay-run.ts';
import { databaseFileName, runFileName } from './run-folder.ts';

/** Ids of the runs whose folders are there. */
export function runFolders(runsFolder: string): string[] {
  return readdirSync(runsFolder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(runsFolder, entry.name, runFileName)))
    .map((entry) => entry.name)
    .sort();
}

/** What came of a rebuild. */
export interface Rebuilt {
  /** Ids of the runs that are in the database. */
  readonly runs: readonly string[];
  /** Folders that could not be read; their runs are not in the database. */
  readonly unread: readonly RunProblem[];
  /** Runs that are in the database as far as their events go. */
  readonly cutOff: readonly RunProblem[];
  /** Where a damaged database was moved to. */
  readonly damagedKeptAs: string | undefined;
}

interface RunProblem {
  readonly run: string;
  readonly message: string;
}

/**
 * Writes every run whose folder is there into the database of a workspace again. A damaged database is replaced and kept
 * beside it; a whole one is added to, since it also has what no folder tells (what `flow repeat` has shown).
 */
export function rebuildDatabase(runsFolder: string, documentOf: (key: Key) => KeyDocument | undefined): Rebuilt {
  const path = join(runsFolder, databaseFileName);
  if (!isDamagedDatabase(path)) return { ...fill(path, runsFolder, documentOf), damagedKeptAs: undefined };
  const fresh = `${path}.new`;
  removeDatabase(fresh);
  const filled = fill(fresh, runsFolder, documentOf);
  const damagedKeptAs = `${path}.damaged`;
  renameDatabase(path, damagedKeptAs);
  renameDatabase(fresh, path);
  return { ...filled, damagedKeptAs };
}

type DocumentOf = (key: Key) => KeyDocument | undefined;

function fill(path: string, runsFolder: string, documentOf: DocumentOf): Omit<Rebuilt, 'damagedKeptAs'> {
  const database = openDatabase(path);
  const runs: string[] = [];
  const unread: RunProblem[] = [];
  const cutOff: RunProblem[] = [];
  try {
    for (const run of runFolders(runsFolder)) {
      const folder = join(runsFolder, run);
      const problem = replayProblem(database, folder, documentOf);
      if (problem !== undefined) {
        unread.push({ run, message: problem });
        continue;
      }
      runs.push(run);
      const damage = eventDamage(folder);
      if (damage !== undefined) cutOff.push({ run, message: damage });
    }
    closeKilledRuns(database);
  } finally {
    database.close();
  }
  return { runs, unread, cutOff };
}

/** Replays a run whole or not at all, and says why it could not be. */
function replayProblem(database: FlowDatabase, folder: string, documentOf: DocumentOf): string | undefined {
  try {
    replayWhole(database, folder, documentOf);
    return undefined;
  } catch (error) {
    if (error instanceof FailureError) return error.message;
    throw error;
  }
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
