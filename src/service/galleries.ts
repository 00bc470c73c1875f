import { availableParallelism } from 'node:os';
import type Sqlite from 'better-sqlite3';
import { openSqlite } from '../core/sqlite.ts';
import { fail } from '../core/failure.ts';
import type { Match } from '../embedding/gallery.ts';
import { failures as embeddingFailures } from '../embedding/failures.ts';
import { type VectorOwner, VectorSearch } from '../kit/face/search/vector-search.ts';
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

/** What the vectors of a file have in common. */
export interface GalleryVectors {
  readonly contract: string;
  readonly embeddingSize: number;
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

/** SQLite maps so much of a file into memory and no more. */
const mappedBytes = 2 ** 31 - 65_536;
/** Vectors that are read at a time when the service starts. */
const readAtATime = 1024;
/** More threads are as fast as the memory that they read. */
const mostThreads = 4;

/**
 * Galleries of persons in a SQLite file that is mapped into memory: what was answered is there, whatever ends the process (write-ahead log, each
 * change synced). Beside it a byte for each number of each vector is in memory for searching; galleries change while they are searched.
 */
export class Galleries {
  readonly #database: Sqlite.Database;
  readonly #search: VectorSearch;
  /** Number of each gallery in the search. */
  readonly #groups = new Map<string, number>();
  #lastGroup = 0;

  private constructor(database: Sqlite.Database, search: VectorSearch) {
    this.#database = database;
    this.#search = search;
  }

  /** Opens a file, or makes it. Rejects with `other-embedding-contract` where it holds vectors of another one. */
  static async open(file: string, { contract, embeddingSize: columns }: GalleryVectors): Promise<Galleries> {
    const database = openSqlite(file);
    try {
      database.pragma('journal_mode = wal');
      database.pragma('synchronous = full');
      database.pragma('foreign_keys = on');
      database.pragma(`mmap_size = ${mappedBytes}`);
      database.exec(schema);
      claim(database, contract, file);
    } catch (error) {
      database.close();
      throw error;
    }
    const threads = Math.min(mostThreads, availableParallelism());
    const galleries = new Galleries(database, new VectorSearch({ columns, threads }));
    await galleries.#read();
    return galleries;
  }

  async #read(): Promise<void> {
    const names = this.#database.prepare<[], { name: string }>('select name from gallery order by rowid').all();
    for (const { name } of names) this.#addGroup(name);
    const select = 'select id, gallery, vector from face where id > ? order by id limit ?';
    const statement = this.#database.prepare<[number, number], FaceRow>(select);
    for (let last = 0; ;) {
      const faces = statement.all(last, readAtATime);
      last = faces.at(-1)?.id ?? last;
      await this.#search.add(
        faces.map(({ id, gallery, vector }) => ({ id, group: this.#groupOf(gallery), vector: floatsOf(vector) })),
      );
      if (faces.length < readAtATime) return;
    }
  }

  #addGroup(name: string): void {
    this.#lastGroup += 1;
    this.#groups.set(name, this.#lastGroup);
  }

  list(): readonly GalleryFacts[] {
    const count = 'select count(distinct person) as persons, count(*) as images from face where gallery = ?';
    const statement = this.#database.prepare<[string], Omit<GalleryFacts, 'name'>>(count);
    return Array.from(this.#groups.keys(), (name) => ({ ...{ name, persons: 0, images: 0 }, ...statement.get(name) }));
  }

  /** Whether it is new. */
  create(name: string): boolean {
    if (this.#groups.has(name)) return false;
    this.#database.prepare('insert into gallery values (?)').run(name);
    this.#addGroup(name);
    return true;
  }

  async remove(name: string): Promise<void> {
    this.#groupOf(name);
    const remove = this.#database.transaction(() => {
      const ids = this.#removeFaces('delete from face where gallery = ? returning id', name);
      this.#database.prepare('delete from gallery where name = ?').run(name);
      return ids;
    });
    await this.#search.remove(() => {
      const ids = remove();
      this.#groups.delete(name);
      return ids;
    });
  }

  /** The persons of a gallery, and the ids of their faces. */
  persons(name: string): readonly { readonly name: string; readonly images: readonly number[] }[] {
    this.#groupOf(name);
    const persons = new Map<string, number[]>();
    const select = 'select id, person from face where gallery = ? order by id';
    for (const { id, person } of this.#database.prepare<[string], StoredFace>(select).iterate(name)) {
      const ids = persons.get(person) ?? [];
      ids.push(id);
      persons.set(person, ids);
    }
    return [...persons].map(([person, images]) => ({ name: person, images }));
  }

  /** Fails with a problem unless there is such a gallery. */
  require(name: string): void {
    this.#groupOf(name);
  }

  /** Adds a face; the same image of a person twice is one. */
  async add(gallery: string, face: Omit<StoredFace, 'id'>, vector: Float32Array): Promise<StoredFace> {
    const group = this.#groupOf(gallery);
    const { person, sha256 } = face;
    const bytes = Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);
    const insert = 'insert or ignore into face (gallery, person, sha256, vector) values (?, ?, ?, ?)';
    const { changes } = this.#database.prepare(insert).run(gallery, person, sha256, bytes);
    const select = 'select id from face where gallery = ? and person = ? and sha256 = ?';
    const id = this.#database.prepare<[string, string, string], StoredFace>(select).get(gallery, person, sha256)?.id;
    if (id === undefined) throw new Error('a face that was stored is not there');
    if (changes > 0) await this.#search.add([{ id, group, vector }]);
    return { id, person, sha256 };
  }

  async removePerson(gallery: string, person: string): Promise<void> {
    this.#groupOf(gallery);
    await this.#search.remove(() => {
      const ids = this.#removeFaces('delete from face where gallery = ? and person = ? returning id', gallery, person);
      if (ids.length > 0) return ids;
      throw new Problem('no-such-person', 404, { detail: `gallery ${gallery} has no person ${person}` });
    });
  }

  async removeFace(gallery: string, id: number): Promise<void> {
    this.#groupOf(gallery);
    await this.#search.remove(() => {
      const ids = this.#removeFaces('delete from face where gallery = ? and id = ? returning id', gallery, id);
      if (ids.length > 0) return ids;
      throw new Problem('no-such-image', 404, { detail: `gallery ${gallery} has no image ${id}` });
    });
  }

  #removeFaces(statement: string, ...values: readonly (string | number)[]): readonly number[] {
    const removed = this.#database.prepare<(string | number)[], StoredFace>(statement).all(...values);
    return removed.map(({ id }) => id);
  }

  /** The persons most like a face, the nearest first. The answer is that of comparing all vectors exactly. */
  async identify(gallery: string, vector: Float32Array, top: number): Promise<readonly Match[]> {
    const group = this.#groupOf(gallery);
    const persons = 'select distinct person from face where gallery = ? limit ?';
    const count = this.#database.prepare(persons).all(gallery, top).length;
    const face = this.#database.prepare<[number], FaceRow>('select person, sha256, vector from face where id = ?');
    const images = new Map<number, string>();
    const read = (ids: readonly number[]): VectorOwner[] =>
      ids.flatMap((id) => {
        const stored = face.get(id);
        if (stored === undefined) return [];
        images.set(id, stored.sha256);
        return [{ id, owner: stored.person, vector: floatsOf(stored.vector) }];
      });
    const found = await this.#search.nearest({ query: vector, group, count, read });
    return found.map(({ id, owner, score }) => ({ name: owner, image: images.get(id) ?? '', similarity: score }));
  }

  async close(): Promise<void> {
    await this.#search.close();
    this.#database.close();
  }

  #groupOf(name: string): number {
    const found = this.#groups.get(name);
    if (found !== undefined) return found;
    throw new Problem('no-such-gallery', 404, { detail: `there is no gallery ${name}` });
  }
}

function claim(database: Sqlite.Database, contract: string, file: string): void {
  const known = database.prepare<[], { id: string }>('select id from contract').get();
  if (known === undefined) database.prepare('insert into contract values (?)').run(contract);
  else if (known.id !== contract) {
    fail(embeddingFailures.otherVectors({ own: contract, found: known.id, other: 'this service' }, { file }));
  }
}

function floatsOf(bytes: Buffer): Float32Array {
  return new Float32Array(Uint8Array.from(bytes).buffer);
}
