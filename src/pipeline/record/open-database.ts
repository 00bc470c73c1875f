import { accessSync, constants, existsSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type Database from 'better-sqlite3';
import { fail } from '../../core/failure.ts';
import { isSqliteError, openSqlite } from '../../core/sqlite.ts';
import { failures } from './failures.ts';
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
function prepareDatabase(database: FlowDatabase, path: string): void {
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
      const known = migrations.length;
      if (version > known) fail(failures.databaseTooNew({ known, found: version }, { file: path }));
      for (const step of migrations.slice(version)) database.exec(step);
      database.pragma(`user_version = ${migrations.length}`);
    })
    .immediate();
}

/** The version of SQLite, which reads nothing of the record. */
export function sqliteVersion(database: FlowDatabase): string {
  return String(database.prepare('select sqlite_version()').pluck().get());
}

/** Bytes 18 and 19 of a database: 2 if it is written with a write-ahead log, 1 if without. */
const writeVersion = 18;

/**
 * The record of a workspace, to be read only. Without a database, an empty one that leaves no file behind; if it may not be
 * written, or the disk is full, a copy in memory, since SQLite has to write next to a database with a write-ahead log even to read it.
 */
export function lookIntoDatabase(path: string): FlowDatabase {
  if (!existsSync(path)) return openDatabase(':memory:');
  if (!mayWrite(path) || !mayWrite(dirname(path))) return copyOf(path);
  try {
    return openDatabase(path);
  } catch (error) {
    // On a full disk SQLite cannot write what it needs beside the database.
    if (isSqliteError(error, 'SQLITE_FULL', 'SQLITE_IOERR', 'SQLITE_CANTOPEN')) return copyOf(path);
    throw error;
  }
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

/** What SQLite keeps of one database: the file, and what was not merged into it yet. */
const parts = ['-wal', '-shm', ''] as const;

/** Whether an error says that a file is not a database, or no longer a whole one. */
function isDamage(error: unknown): boolean {
  return isSqliteError(error, 'SQLITE_NOTADB', 'SQLITE_CORRUPT');
}

/** Ends with what a user can do about a damaged record. */
function damagedDatabase(path: string, cause: unknown): never {
  const found = cause instanceof Error ? cause.message : 'not whole';
  fail(failures.databaseDamaged({ found }, { file: path }), cause);
}

/** Whether the database at a path is there and cannot be used as it is. Reads all of it. */
export function isDamagedDatabase(path: string): boolean {
  if (!existsSync(path)) return false;
  let database: Database.Database | undefined;
  try {
    database = openSqlite(path, { timeout: 30_000 });
    return database.pragma('quick_check(1)', { simple: true }) !== 'ok';
  } catch (error) {
    if (isDamage(error)) return true;
    throw error;
  } finally {
    database?.close();
  }
}

/** Opens a database that holds nothing worth keeping: a damaged one is replaced by an empty one. */
export function openOrReplace<T>(path: string, open: (path: string) => T): T {
  try {
    return open(path);
  } catch (error) {
    if (!isDamage(error)) throw error;
    removeDatabase(path);
    return open(path);
  }
}

export function removeDatabase(path: string): void {
  for (const part of parts) rmSync(`${path}${part}`, { force: true });
}

/** Renames a database, and replaces what has that name. No process may have it open. */
export function renameDatabase(from: string, to: string): void {
  removeDatabase(to);
  for (const part of parts) if (existsSync(`${from}${part}`)) renameSync(`${from}${part}`, `${to}${part}`);
}
