import type Database from 'better-sqlite3';
import { fail } from '../../core/failure.ts';
import { openSqlite } from '../../core/sqlite.ts';
import { damagedDatabase, isDamage } from './database-damage.ts';
import { migrations } from './migrations.ts';

export type FlowDatabase = Database.Database;

/**
 * Opens the record of a workspace, creating or migrating it where needed. Many processes may read while one writes;
 * writers wait for each other.
 */
export function openDatabase(path: string): FlowDatabase {
  const database = openSqlite(path, { timeout: 30_000 });
  try {
    prepareDatabase(database, path);
  } catch (error) {
    database.close();
    if (isDamage(error)) damagedDatabase(path, error);
    throw error;
  }
  return database;
}

/** Sets a database up, and brings it to our version. */
export function prepareDatabase(database: FlowDatabase, path: string): void {
  database.pragma('journal_mode = WAL');
  // In WAL mode a power cut can cost the last transactions but never consistency; events.ndjson has them too.
  database.pragma('synchronous = NORMAL');
  database.pragma('foreign_keys = ON');
  // 64 MiB: a run of 10,000 tasks is one transaction, which would not fit into the 2 MiB that are usual.
  database.pragma('cache_size = -65536');
  if (versionOf(database) !== migrations.length) migrate(database, path);
}

function versionOf(database: FlowDatabase): number {
  return Number(database.pragma('user_version', { simple: true }));
}

function migrate(database: FlowDatabase, path: string): void {
  database
    .transaction(() => {
      const version = versionOf(database);
      if (version > migrations.length) tooNew(path, version);
      for (const step of migrations.slice(version)) database.exec(step);
      database.pragma(`user_version = ${migrations.length}`);
    })
    .immediate();
}

function tooNew(path: string, version: number): never {
  fail({
    code: 'database-too-new',
    message: `expected a database of version ${migrations.length} or less, found version ${version}`,
    at: { file: path },
    hint: 'a later version of faceflow has written it; update, or move the file away and run `flow db rebuild`',
  });
}
