import type Database from 'better-sqlite3';
import { existsSync, renameSync, rmSync } from 'node:fs';
import { fail } from '../../core/failure.ts';
import { isSqliteError, openSqlite } from '../../core/sqlite.ts';

/** What SQLite keeps of one database: the file, and what was not merged into it yet. */
const parts = ['-wal', '-shm', ''] as const;

/** Whether an error says that a file is not a database, or no longer a whole one. */
export function isDamage(error: unknown): boolean {
  return isSqliteError(error, 'SQLITE_NOTADB', 'SQLITE_CORRUPT');
}

/** Ends with what a user can do about a damaged record. */
export function damagedDatabase(path: string, cause: unknown): never {
  const found = cause instanceof Error ? cause.message : 'not whole';
  fail(
    {
      code: 'database-damaged',
      message: `expected the database of the runs, found a damaged file (${found})`,
      at: { file: path },
      hint: '`flow db rebuild` makes it anew from the folders of the runs, and keeps the damaged one beside it',
    },
    cause,
  );
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

/** Gives a database another name, in place of what has that name. No process may have it open. */
export function renameDatabase(from: string, to: string): void {
  removeDatabase(to);
  for (const part of parts) if (existsSync(`${from}${part}`)) renameSync(`${from}${part}`, `${to}${part}`);
}
