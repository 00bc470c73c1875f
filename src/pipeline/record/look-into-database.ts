import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { openSqlite } from '../../core/sqlite.ts';
import { damagedDatabase, isDamage } from './database-damage.ts';
import { openDatabase, prepareDatabase, type FlowDatabase } from './open-database.ts';

/** Bytes 18 and 19 of a database say how it is written: 2 for a write-ahead log, 1 for none. */
const writeVersion = 18;

/**
 * The record of a workspace for those who only look: where there is none, an empty one that leaves nothing behind;
 * where it may not be written, a copy in memory, since SQLite needs to write beside a database with a write-ahead log
 * even to read it.
 */
export function lookIntoDatabase(path: string): FlowDatabase {
  if (!existsSync(path)) return openDatabase(':memory:');
  return mayWrite(path) && mayWrite(dirname(path)) ? openDatabase(path) : copyOf(path);
}

function copyOf(path: string): FlowDatabase {
  if ((statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0) {
    // A run is being written, or was killed: what is not merged yet can be read as long as its index is there.
    return openSqlite(path, { readonly: true, timeout: 30_000 });
  }
  const bytes = readFileSync(path);
  if (bytes.length > writeVersion + 1) bytes.fill(1, writeVersion, writeVersion + 2);
  try {
    const database = openSqlite(bytes);
    prepareDatabase(database, path);
    return database;
  } catch (error) {
    if (isDamage(error)) damagedDatabase(path, error);
    throw error;
  }
}

function mayWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
