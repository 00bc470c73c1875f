import { closeSync, lstatSync, openSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeFolder } from '../core/atomic-file.ts';
import { isSqliteError, openSqlite } from '../core/sqlite.ts';
import { errorCode, fail } from '../core/failure.ts';
import { readHead, requireFile } from '../kit/codec/read-file.ts';
import { failures as embeddingFailures } from '../embedding/failures.ts';
import type { GalleryEntry } from '../embedding/gallery.ts';
import { failures } from './failures.ts';

/** A gallery as it is listed. */
export interface GalleryFacts {
  readonly name: string;
  readonly persons: number;
  readonly images: number;
}

/** A file of galleries that is read, also while a service serves it. */
export interface GalleryFile {
  readonly contract: string;
  readonly galleries: readonly GalleryFacts[];
  /** The faces of a gallery, in the order in which they came; read one after the other. Fails with `not-vectors` where they are not of so many numbers. */
  entries(gallery: string, columns: number): Iterable<GalleryEntry>;
  close(): void;
}

interface FaceRow {
  readonly person: string;
  readonly sha256: string;
  readonly vector: Buffer;
}

/** Opens what `flow serve --galleries` has written. Fails with `not-vectors` for anything else. */
export function readGalleryFile(file: string): GalleryFile {
  requireFile(file, 'file of galleries');
  let database;
  try {
    database = openSqlite(file, { readonly: true });
    const contract = database.prepare<[], { id: string }>('select id from contract').get()?.id ?? 'none';
    const facts = `select name, count(distinct person) as persons, count(face.id) as images
      from gallery left join face on face.gallery = gallery.name group by gallery.name`;
    const galleries = database.prepare<[], GalleryFacts>(facts).all();
    const opened = database;
    const select = 'select person, sha256, vector from face where gallery = ? order by id';
    return {
      contract,
      galleries,
      *entries(gallery, columns) {
        try {
          for (const { person, sha256, vector } of opened.prepare<[string], FaceRow>(select).iterate(gallery)) {
            requireLength(vector, columns, file);
            yield { name: person, image: sha256, vector: new Float32Array(Uint8Array.from(vector).buffer) };
          }
        } catch (error) {
          galleryFileFailure(error, file);
        }
        opened.close();
      },
      close: () => opened.close(),
    };
  } catch (error) {
    database?.close();
    return galleryFileFailure(error, file);
  }
}

/**
 * Fails with `not-vectors` for a file that holds something else than galleries, and with `galleries-unusable` where there is no
 * file and none can be made. Writes nothing to the file.
 */
export function requireGalleriesOrNone(file: string): void {
  const folder = statSync(dirname(file), { throwIfNoEntry: false });
  if (folder?.isDirectory() !== true) {
    fail(failures.galleriesUnusable({ problem: `there is no folder ${dirname(file)}` }, { file }));
  }
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (!stat.isFile()) {
    fail(failures.galleriesUnusable({ problem: stat.isDirectory() ? 'it is a folder' : 'it is no file' }, { file }));
  }
  if (stat.size === 0) return;
  // SQLite takes a file of one byte for an empty one.
  if (!isDatabase(file)) fail(embeddingFailures.notVectors({ found: 'a file that is no database' }, { file }));
  let database;
  try {
    database = openSqlite(file, { readonly: true });
    if (database.prepare("select 1 from sqlite_schema where name not like 'sqlite_%'").get() === undefined) return;
    for (const select of [
      'select id from contract',
      'select name from gallery',
      'select id, gallery, person, sha256, vector from face',
    ]) {
      database.prepare(select).get();
    }
  } catch (error) {
    galleryFileFailure(error, file);
  } finally {
    database?.close();
  }
}

/** Whether a file begins as those of SQLite do (Database File Format, 1.3). */
export function isDatabase(file: string): boolean {
  return Buffer.from(readHead(file)).toString('latin1').startsWith('SQLite format 3\0');
}

/**
 * Makes the folder of a saved index, and tries whether files can be written there: long before one is. Fails with `galleries-unusable`.
 */
export function requireIndexFolder(folder: string): void {
  const trial = join(folder, `${process.pid}.trial`);
  try {
    makeFolder(folder);
    closeSync(openSync(trial, 'w'));
    rmSync(trial);
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined) throw error;
    const there = lstatSync(folder, { throwIfNoEntry: false });
    const isFolder = statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true;
    const problem =
      there === undefined || isFolder ? `no folder that takes files (${code})` : 'something else in its place';
    fail(failures.indexUnusable({ problem }, { file: folder }), error);
  }
}

/** Fails with `not-vectors` unless a stored vector has so many numbers. */
export function requireLength(bytes: Uint8Array, columns: number, file: string): void {
  if (bytes.length === 4 * columns) return;
  const found = `a file with a vector of ${bytes.length} bytes, where ${columns} numbers take ${4 * columns}`;
  fail(embeddingFailures.notVectors({ found }, { file }));
}

/** What SQLite says of a file, as a failure: `not-vectors` or `galleries-unusable`. Throws other errors as they are. */
export function galleryFileFailure(error: unknown, file: string): never {
  const problem = error instanceof Error ? error.message : String(error);
  // What a file that was cut off, or written over, or holds other tables, is met with.
  if (isSqliteError(error, 'SQLITE_NOTADB', 'SQLITE_CORRUPT', 'SQLITE_ERROR', 'SQLITE_IOERR_SHORT_READ')) {
    const found = `a file without galleries (${problem})`;
    return fail(embeddingFailures.notVectors({ found }, { file }), error);
  }
  if (isSqliteError(error, 'SQLITE_CANTOPEN', 'SQLITE_READONLY', 'SQLITE_FULL', 'SQLITE_IOERR', 'SQLITE_PERM')) {
    return fail(failures.galleriesUnusable({ problem }, { file }), error);
  }
  throw error;
}
