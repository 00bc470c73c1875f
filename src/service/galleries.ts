import type Sqlite from 'better-sqlite3';
import { openSqlite } from '../core/sqlite.ts';
import { fail } from '../core/failure.ts';
import { type GalleryEntry, type Match, nearestPersons } from '../embedding/gallery.ts';
import { failures as embeddingFailures } from '../embedding/failures.ts';
import { Problem } from './problem.ts';

/** A gallery as it is listed. */
export interface GalleryFacts {
  readonly name: string;
  readonly persons: number;
  readonly images: number;
}

/** A face of a person; the image itself is not kept. */
export interface StoredFace {
  readonly id: number;
  readonly person: string;
  /** SHA-256 of the image it was found in. */
  readonly sha256: string;
}

type FaceRow = StoredFace & { readonly gallery: string; readonly vector: Buffer };

const schema = `
  create table if not exists contract (id text not null);
  create table if not exists gallery (name text primary key) strict;
  create table if not exists face (
    id integer primary key autoincrement,
    gallery text not null references gallery (name) on delete cascade,
    person text not null,
    sha256 text not null,
    vector blob not null,
    unique (gallery, person, sha256)
  ) strict;
  create index if not exists face_by_person on face (gallery, person);
`;

/**
 * Galleries of persons in a SQLite file: what was answered is there, whatever ends the process (write-ahead log, each change
 * synced). The vectors of all are in memory for searching. Fails with `other-embedding-contract` where the file holds others.
 */
export class Galleries {
  readonly #database: Sqlite.Database;
  readonly #entries = new Map<string, Map<number, GalleryEntry>>();

  constructor(file: string, contract: string) {
    this.#database = openSqlite(file);
    this.#database.pragma('journal_mode = wal');
    this.#database.pragma('synchronous = full');
    this.#database.pragma('foreign_keys = on');
    this.#database.exec(schema);
    this.#claim(contract, file);
    const names = this.#database.prepare<[], { name: string }>('select name from gallery').all();
    for (const { name } of names) this.#entries.set(name, new Map());
    const faces = this.#database.prepare<[], FaceRow>('select * from face order by id').iterate();
    for (const { id, gallery, person, sha256, vector } of faces) {
      this.#entries.get(gallery)?.set(id, { name: person, image: sha256, vector: floatsOf(vector) });
    }
  }

  #claim(contract: string, file: string): void {
    const known = this.#database.prepare<[], { id: string }>('select id from contract').get();
    if (known === undefined) this.#database.prepare('insert into contract values (?)').run(contract);
    else if (known.id !== contract) {
      this.#database.close();
      fail(embeddingFailures.otherVectors({ own: contract, found: known.id, other: 'this service' }, { file }));
    }
  }

  list(): readonly GalleryFacts[] {
    return [...this.#entries].map(([name, faces]) => ({ name, ...countsOf(faces) }));
  }

  /** Whether it is new. */
  create(name: string): boolean {
    if (this.#entries.has(name)) return false;
    this.#database.prepare('insert into gallery values (?)').run(name);
    this.#entries.set(name, new Map());
    return true;
  }

  remove(name: string): void {
    this.#require(name);
    this.#database.prepare('delete from gallery where name = ?').run(name);
    this.#entries.delete(name);
  }

  /** The persons of a gallery, and the ids of their faces. */
  persons(name: string): readonly { readonly name: string; readonly images: readonly number[] }[] {
    const persons = new Map<string, number[]>();
    for (const [id, entry] of this.#require(name)) {
      const ids = persons.get(entry.name) ?? [];
      ids.push(id);
      persons.set(entry.name, ids);
    }
    return [...persons].map(([person, images]) => ({ name: person, images }));
  }

  /** Adds a face; the same image of a person twice is one. */
  add(gallery: string, face: Omit<StoredFace, 'id'>, vector: Float32Array): StoredFace {
    const entries = this.#require(gallery);
    const { person, sha256 } = face;
    const bytes = Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);
    const insert = 'insert or ignore into face (gallery, person, sha256, vector) values (?, ?, ?, ?)';
    this.#database.prepare(insert).run(gallery, person, sha256, bytes);
    const select = 'select id from face where gallery = ? and person = ? and sha256 = ?';
    const stored = this.#database
      .prepare<[string, string, string], { id: number }>(select)
      .get(gallery, person, sha256);
    if (stored === undefined) throw new Error('a face that was stored is not there');
    entries.set(stored.id, { name: person, image: sha256, vector });
    return { id: stored.id, person, sha256 };
  }

  removePerson(gallery: string, person: string): void {
    const entries = this.#require(gallery);
    const ids = [...entries].filter(([, { name }]) => name === person).map(([id]) => id);
    if (ids.length === 0)
      throw new Problem('no-such-person', 404, { detail: `gallery ${gallery} has no person ${person}` });
    this.#database.prepare('delete from face where gallery = ? and person = ?').run(gallery, person);
    for (const id of ids) entries.delete(id);
  }

  removeFace(gallery: string, id: number): void {
    const entries = this.#require(gallery);
    if (!entries.has(id)) throw new Problem('no-such-image', 404, { detail: `gallery ${gallery} has no image ${id}` });
    this.#database.prepare('delete from face where gallery = ? and id = ?').run(gallery, id);
    entries.delete(id);
  }

  /** All vectors are compared, exactly. */
  identify(gallery: string, vector: Float32Array, top: number): readonly Match[] {
    return nearestPersons(vector, [...this.#require(gallery).values()], top);
  }

  close(): void {
    this.#database.close();
  }

  #require(name: string): Map<number, GalleryEntry> {
    const found = this.#entries.get(name);
    if (found !== undefined) return found;
    throw new Problem('no-such-gallery', 404, { detail: `there is no gallery ${name}` });
  }
}

function countsOf(faces: ReadonlyMap<number, GalleryEntry>): { readonly persons: number; readonly images: number } {
  return { persons: new Set([...faces.values()].map(({ name }) => name)).size, images: faces.size };
}

function floatsOf(bytes: Buffer): Float32Array {
  return new Float32Array(Uint8Array.from(bytes).buffer);
}
