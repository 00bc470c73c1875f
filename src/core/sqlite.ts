import { createRequire } from 'node:module';
import { join } from 'node:path';
import type Sqlite from 'better-sqlite3';
import { fail } from './failure.ts';
import { failures } from './failures.ts';
import { packageFolder } from './package-folder.ts';

let loaded: typeof Sqlite | undefined;

/** Opens a database file, `:memory:`, or the content of a file. Fails with `sqlite-missing` if SQLite is not installed. */
export function openSqlite(content: string | Buffer, options?: Sqlite.Options): Sqlite.Database {
  loaded ??= loadSqlite(packageFolder(), process.versions.node);
  return new loaded(content, options);
}

/** Whether SQLite itself reported an error, whose `code` begins with the given one: `SQLITE_CORRUPT`. */
export function isSqliteError(error: unknown, ...codes: readonly string[]): error is Sqlite.SqliteError {
  return (
    loaded !== undefined && error instanceof loaded.SqliteError && codes.some((code) => error.code.startsWith(code))
  );
}

/**
 * better-sqlite3 as set-up installs it (setup/sqlite.mjs): 13 crashes on Node.js 20, 12 on Node.js 24. `root` is the folder
 * of this package.
 */
export function loadSqlite(root: string, node: string): typeof Sqlite {
  const line = Number(node.split('.')[0]) < 22 ? 'node-20' : 'node-22';
  const load = createRequire(join(root, 'package.json'));
  try {
    return load(join(root, 'node_modules/.faceflow', `sqlite-${line}`, 'node_modules/better-sqlite3')) as typeof Sqlite;
  } catch (error) {
    const problem = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    return fail(failures.sqliteMissing({ node, problem }), error);
  }
}
