import type Sqlite from 'better-sqlite3';
import { openSqlite } from '../core/sqlite.ts';
import { fail } from '../core/failure.ts';
import type { Match } from '../embedding/gallery.ts';
import { failures as embeddingFailures } from '../embedding/failures.ts';
import type { VectorOwner } from '../kit/face/search/vector-search.ts';
import {
  type GalleryFacts,
  galleryFileFailure,
  requireGalleriesOrNone,
  requireIndexFolder,
  requireLength,
} from './gallery-file.ts';
import { GalleryLock } from './gallery-lock.ts';
import {
  type GalleryIndex,
  type IndexedFace,
  type IndexedVector,
  type IndexKind,
  type IndexOptions,
  markOf,
  openIndex,
  type StartedIndex,
  type StoredFaces,
} from './gallery-index.ts';
import { Problem } from './problem.ts';

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
  -- The process that serves the file, while it does.
  create table if not exists server (pid integer not null) strict;
  create index if not exists face_by_person on face (gallery, person);
`;

/** SQLite maps so much of a file into memory and no more. */
const mappedBytes = 2 ** 31 - 65_536;
const pageBytes = 16_384;
/** Vectors that are read at a time when the service starts. */
const readAtATime = 1024;

/**
 * Galleries of persons in a SQLite file that is mapped into memory: what was answered is there, whatever ends the process (write-ahead log, each
 * change synced). Beside it an index is in memory for searching; galleries change while they are searched.
 */
export class Galleries {
  readonly #store: GalleryStore;
  readonly #database: Sqlite.Database;
  readonly index: Readonly<Pick<GalleryIndex, 'kind' | 'library' | 'vectors'>>;
  readonly #index: GalleryIndex;
  /** Number of each gallery in the index. */
  readonly #groups = new Map<string, number>();
  #lastGroup = 0;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(store: GalleryStore, index: GalleryIndex) {
    this.#store = store;
    this.#database = store.database;
    this.index = index;
    this.#index = index;
  }

  /**
   * Opens a file, or makes it, and serves it alone. Rejects with `other-embedding-contract` where it holds vectors of another one, with `not-vectors` where it holds
   * something else, with `galleries-in-use`, `galleries-unusable` and `index-unusable`. An approximate index is saved in a folder beside the
   * file, FILE.index, and is brought to what the file holds when it is opened.
   */
  static async open(
    file: string,
    { contract, embeddingSize: columns }: GalleryVectors,
    { kind, onProgress }: { readonly kind: IndexKind; readonly onProgress?: IndexOptions['onProgress'] } = {
      kind: 'exact',
    },
  ): Promise<{ readonly galleries: Galleries; readonly started: StartedIndex }> {
    const folder = file === ':memory:' ? undefined : `${file}.index`;
    if (kind === 'approximate' && folder !== undefined) requireIndexFolder(folder);
    const store = openStore(file, { contract, embeddingSize: columns });
    let index;
    try {
      index = await openIndex(kind, { columns, contract, folder, onProgress });
      const galleries = new Galleries(store, index);
      const started = await index.start(galleries.#stored());
      return { galleries, started };
    } catch (error) {
      await index?.close();
      closeStore(store);
      return galleryFileFailure(error, file);
    }
  }

  #stored(): StoredFaces {
    const database = this.#database;
    const names = database.prepare<[], { name: string }>('select name from gallery order by rowid').all();
    for (const { name } of names) this.#addGroup(name);
    const galleries = Array.from(this.#groups, ([name, group]) => ({ name, group }));
    const indexed = ({ id, gallery, sha256, vector }: FaceRow): IndexedVector => {
      return { id, sha256, group: this.#groupOf(gallery), vector: floatsOf(vector, this.#store) };
    };
    return {
      galleries,
      *all() {
        const select = 'select id, gallery, sha256, vector from face where id > ? order by id limit ?';
        const statement = database.prepare<[number, number], FaceRow>(select);
        for (let last = 0; ;) {
          const faces = statement.all(last, readAtATime);
          last = faces.at(-1)?.id ?? last;
          yield faces.map(indexed);
          if (faces.length < readAtATime) return;
        }
      },
      marks(group) {
        const name = galleries[group - 1]?.name ?? '';
        const count = database
          .prepare<[string], number>('select count(*) from face where gallery = ?')
          .pluck()
          .get(name);
        const marks = new Uint32Array(2 * (count ?? 0));
        let at = 0;
        // Answered by the index of SQLite alone: the rows with the vectors are not read.
        const select = 'select id, sha256 from face where gallery = ?';
        for (const [id, sha256] of database.prepare<[string], [number, string]>(select).raw().iterate(name)) {
          [marks[at], marks[at + 1]] = [id, markOf(sha256)];
          at += 2;
        }
        return marks;
      },
      byIds(ids) {
        const face = database.prepare<[number], FaceRow>('select id, gallery, sha256, vector from face where id = ?');
        return ids.flatMap((id) => face.all(id)).map(indexed);
      },
    };
  }

  /** Changes come one after the other, in the file and in the index alike: what one has begun the next finds done. */
  #inTurn<Result>(change: () => Promise<Result>): Promise<Result> {
    const done = this.#turn.then(change);
    // The caller is told of a change that fails; the next is made all the same.
    this.#turn = done.then(undefined, () => undefined);
    return done;
  }

  #addGroup(name: string): number {
    this.#lastGroup += 1;
    this.#groups.set(name, this.#lastGroup);
    return this.#lastGroup;
  }

  list(): readonly GalleryFacts[] {
    const count = 'select count(distinct person) as persons, count(*) as images from face where gallery = ?';
    const statement = this.#database.prepare<[string], Omit<GalleryFacts, 'name'>>(count);
    return Array.from(this.#groups.keys(), (name) => ({ ...{ name, persons: 0, images: 0 }, ...statement.get(name) }));
  }

  /** Whether it is new. */
  create(name: string): Promise<boolean> {
    return this.#inTurn(async () => {
      if (this.#groups.has(name)) return false;
      this.#database.prepare('insert into gallery values (?)').run(name);
      await this.#index.addGallery(this.#addGroup(name), name);
      return true;
    });
  }

  remove(name: string): Promise<void> {
    return this.#inTurn(async () => {
      const remove = this.#database.transaction(() => {
        const removed = this.#removeFaces('delete from face where gallery = ? returning id, sha256', name);
        this.#database.prepare('delete from gallery where name = ?').run(name);
        return removed;
      });
      await this.#index.removeGallery(this.#groupOf(name), () => {
        const removed = remove();
        this.#groups.delete(name);
        return removed;
      });
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
  add(gallery: string, face: Omit<StoredFace, 'id'>, vector: Float32Array): Promise<StoredFace> {
    return this.#inTurn(async () => {
      const group = this.#groupOf(gallery);
      const { person, sha256 } = face;
      const bytes = Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);
      const insert = 'insert or ignore into face (gallery, person, sha256, vector) values (?, ?, ?, ?)';
      const { changes } = this.#database.prepare(insert).run(gallery, person, sha256, bytes);
      const select = 'select id from face where gallery = ? and person = ? and sha256 = ?';
      const id = this.#database.prepare<[string, string, string], StoredFace>(select).get(gallery, person, sha256)?.id;
      if (id === undefined) throw new Error('a face that was stored is not there');
      if (changes > 0) await this.#index.add({ id, sha256, group, vector });
      return { id, person, sha256 };
    });
  }

  removePerson(gallery: string, person: string): Promise<void> {
    return this.#inTurn(async () => {
      await this.#index.remove(this.#groupOf(gallery), () => {
        const remove = 'delete from face where gallery = ? and person = ? returning id, sha256';
        const removed = this.#removeFaces(remove, gallery, person);
        if (removed.length > 0) return removed;
        throw new Problem('no-such-person', 404, { detail: `gallery ${gallery} has no person ${person}` });
      });
    });
  }

  removeFace(gallery: string, id: number): Promise<void> {
    return this.#inTurn(async () => {
      await this.#index.remove(this.#groupOf(gallery), () => {
        const removed = this.#removeFaces(
          'delete from face where gallery = ? and id = ? returning id, sha256',
          gallery,
          id,
        );
        if (removed.length > 0) return removed;
        throw new Problem('no-such-image', 404, { detail: `gallery ${gallery} has no image ${id}` });
      });
    });
  }

  #removeFaces(statement: string, ...values: readonly (string | number)[]): readonly IndexedFace[] {
    return this.#database.prepare<(string | number)[], IndexedFace>(statement).all(...values);
  }

  /** The persons most like a face, the nearest first. With the exact index the answer is that of comparing all vectors. */
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
        return [{ id, owner: stored.person, vector: floatsOf(stored.vector, this.#store) }];
      });
    const found = await this.#index.nearest({ query: vector, group, count, read });
    return found.map(({ id, owner, score }) => ({ name: owner, image: images.get(id) ?? '', similarity: score }));
  }

  async close(): Promise<void> {
    try {
      await this.#index.close();
      this.#database.exec('delete from server');
    } finally {
      closeStore(this.#store);
    }
  }

  #groupOf(name: string): number {
    const found = this.#groups.get(name);
    if (found !== undefined) return found;
    throw new Problem('no-such-gallery', 404, { detail: `there is no gallery ${name}` });
  }
}

/** The open file, which no other process serves. */
interface GalleryStore {
  readonly file: string;
  readonly database: Sqlite.Database;
  /** Undefined for one in memory. */
  readonly lock: GalleryLock | undefined;
  /** Numbers of a vector. */
  readonly columns: number;
}

function openStore(file: string, { contract, embeddingSize: columns }: GalleryVectors): GalleryStore {
  const isFile = file !== ':memory:';
  // Before anything is written, there or beside it.
  if (isFile) requireGalleriesOrNone(file);
  const lock = isFile ? GalleryLock.take(file) : undefined;
  let database;
  try {
    database = openSqlite(file);
    prepare(database, contract, file);
    return { file, database, lock, columns };
  } catch (error) {
    database?.close();
    lock?.release();
    return galleryFileFailure(error, file);
  }
}

function prepare(database: Sqlite.Database, contract: string, file: string): void {
  // Of a file that is made: a vector of 512 numbers takes more than half of the usual page of 4 KiB, and the file twice its size.
  database.pragma(`page_size = ${pageBytes}`);
  database.pragma('journal_mode = wal');
  database.pragma('synchronous = full');
  database.pragma('foreign_keys = on');
  database.pragma(`mmap_size = ${mappedBytes}`);
  database.transaction(() => {
    database.exec(schema);
    claim(database, contract, file);
  })();
}

/** The lock is the last to go: another service may begin from there. */
function closeStore({ database, lock }: GalleryStore): void {
  database.close();
  lock?.release();
}

function claim(database: Sqlite.Database, contract: string, file: string): void {
  const known = database.prepare<[], { id: string }>('select id from contract').get();
  if (known === undefined) database.prepare('insert into contract values (?)').run(contract);
  else if (known.id !== contract) {
    fail(embeddingFailures.otherVectors({ own: contract, found: known.id, other: 'this service' }, { file }));
  }
  // That of one that was killed may be there still.
  database.exec('delete from server');
  database.prepare('insert into server values (?)').run(process.pid);
}

/** Of the same memory, which SQLite does not use again, where numbers may begin there. */
function floatsOf(bytes: Buffer, { columns, file }: GalleryStore): Float32Array {
  requireLength(bytes, columns, file);
  if (bytes.byteOffset % 4 !== 0) return new Float32Array(Uint8Array.from(bytes).buffer);
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
}
