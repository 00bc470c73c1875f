import { existsSync, realpathSync } from 'node:fs';
import type Sqlite from 'better-sqlite3';
import { fail } from '../core/failure.ts';
import { isSqliteError, openSqlite } from '../core/sqlite.ts';
import { failures } from './failures.ts';
import { galleryFileFailure } from './gallery-file.ts';

/**
 * That one service alone serves a file of galleries: a transaction, open as long as the service is, in an empty database beside it,
 * FILE.lock. The system ends it with the process, however that ends, and between containers too, whose process ids say nothing to
 * each other. The file stays: removing it would let two services each lock one of their own.
 */
export class GalleryLock {
  readonly #database: Sqlite.Database;

  private constructor(database: Sqlite.Database) {
    this.#database = database;
  }

  /** Fails with `galleries-in-use`, `galleries-unusable`. */
  static take(file: string): GalleryLock {
    // The same by all names that a file has.
    const beside = `${existsSync(file) ? realpathSync(file) : file}.lock`;
    let database;
    try {
      database = openSqlite(beside, { timeout: 0 });
      // Nothing is written, so there is nothing to restore.
      database.pragma('journal_mode = memory');
      database.exec('begin immediate');
      return new GalleryLock(database);
    } catch (error) {
      database?.close();
      if (isSqliteError(error, 'SQLITE_BUSY')) {
        return fail(failures.galleriesInUse({ process: holderOf(file) }, { file }), error);
      }
      return galleryFileFailure(error, beside);
    }
  }

  release(): void {
    this.#database.close();
  }
}

/** Id of the process that serves a file, as it has written there; undefined before it has. */
function holderOf(file: string): number | undefined {
  let database;
  try {
    database = openSqlite(file, { readonly: true });
    return database.prepare<[], { pid: number }>('select pid from server').get()?.pid;
  } catch (error) {
    // It is only being made.
    if (isSqliteError(error, 'SQLITE_CANTOPEN', 'SQLITE_ERROR', 'SQLITE_BUSY')) return undefined;
    throw error;
  } finally {
    database?.close();
  }
}
