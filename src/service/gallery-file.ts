import { isSqliteError, openSqlite } from '../core/sqlite.ts';
import { fail } from '../core/failure.ts';
import { failures } from '../embedding/failures.ts';
import type { GalleryEntry } from '../embedding/gallery.ts';
import type { GalleryFacts } from './galleries.ts';

/** A file of galleries that is read, also while a service serves it. */
export interface GalleryFile {
  readonly contract: string;
  readonly galleries: readonly GalleryFacts[];
  /** The faces of a gallery, in the order in which they came; read one after the other. */
  entries(gallery: string): Iterable<GalleryEntry>;
  close(): void;
}

interface FaceRow {
  readonly person: string;
  readonly sha256: string;
  readonly vector: Buffer;
}

/** Opens what `flow serve --galleries` has written. Fails with `not-vectors` for anything else. */
export function readGalleryFile(file: string): GalleryFile {
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
      *entries(gallery) {
        for (const { person, sha256, vector } of opened.prepare<[string], FaceRow>(select).iterate(gallery)) {
          yield { name: person, image: sha256, vector: new Float32Array(Uint8Array.from(vector).buffer) };
        }
        opened.close();
      },
      close: () => opened.close(),
    };
  } catch (error) {
    database?.close();
    if (!isSqliteError(error, 'SQLITE_')) throw error;
    const problem = error instanceof Error ? error.message : String(error);
    return fail(failures.notVectors({ found: `a file without galleries (${problem})` }, { file }), error);
  }
}
