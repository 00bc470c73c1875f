import type Database from 'better-sqlite3';
import { join } from 'node:path';
import type { Digest } from '../../core/digest.ts';
import { fail } from '../../core/failure.ts';
import { openSqlite } from '../../core/sqlite.ts';
import { failures } from './failures.ts';
import { listTree, settledMs, surveyTree, type FileStat, type FileTree, readDigest, treeDigest } from './file-tree.ts';

/** The content of an input: what its key is made of. */
export interface ContentDigest {
  readonly digest: Digest;
  readonly bytes: number;
}

/** Whatever can tell the content of a file or folder. */
export interface ContentDigester {
  digest(path: string): Promise<ContentDigest>;
}

interface FileRecord {
  readonly signature: string;
  readonly digest: Digest;
  readonly recordedAt: number;
}

/** How often a file that changes while it is read is read again before that is a failure. */
const attempts = 3;

/**
 * Digests of files and folders, remembered by what `stat` says of them (device, inode, size, times), so that large
 * inputs are read once. A record counts only if it was made after the file's last change by more than the clock's
 * grain: a file written twice within one tick of the clock looks unchanged (what git calls racily clean).
 */
export class StatCache implements ContentDigester {
  readonly #database: Database.Database;
  readonly #find: Database.Statement<[string], FileRecord>;
  readonly #save: Database.Statement<[string, string, string, number]>;

  /** @param path of the SQLite file; created where it does not exist. It can be deleted at any time. */
  constructor(path: string) {
    this.#database = openSqlite(path, { timeout: 10_000 });
    this.#database.pragma('journal_mode = WAL');
    // Losing the last records in a power cut costs a reading, nothing else.
    this.#database.pragma('synchronous = OFF');
    this.#database.exec(`
      create table if not exists digest (
        path text primary key,
        signature text not null,
        digest text not null,
        recordedAt real not null
      ) without rowid`);
    this.#find = this.#database.prepare('select signature, digest, recordedAt from digest where path = ?');
    this.#save = this.#database.prepare('insert or replace into digest values (?, ?, ?, ?)');
  }

  close(): void {
    this.#database.close();
  }

  /** The digest of a file or folder; reads only what has changed since it was last asked for. */
  async digest(path: string): Promise<ContentDigest> {
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      const { signature, bytes, settledMs: settled } = surveyTree(path);
      const known = this.#find.get(path);
      if (known?.signature === signature && settled < known.recordedAt) return { digest: known.digest, bytes };
      const recordedAt = Date.now();
      const digest = await this.#read(listTree(path));
      if (surveyTree(path).signature === signature) {
        this.#save.run(path, signature, digest, recordedAt);
        return { digest, bytes };
      }
    }
    return fail(failures.inputChanging({ path, attempts }, { file: path }));
  }

  async #read(tree: FileTree): Promise<Digest> {
    if (tree.type === 'file') return treeDigest(tree);
    const fresh: [string, string, Digest, number][] = [];
    const digest = await treeDigest(tree, async (path, stat) => {
      const signature = fileSignature(stat);
      const known = this.#find.get(path);
      if (known?.signature === signature && isOlder(stat, known.recordedAt)) return known.digest;
      const recordedAt = Date.now();
      const read = await readDigest(path, stat);
      fresh.push([path, signature, read, recordedAt]);
      return read;
    });
    this.#database.transaction(() => {
      for (const record of fresh) this.#save.run(...record);
    })();
    return digest;
  }
}

function fileSignature(stat: FileStat): string {
  return [stat.device, stat.inode, stat.bytes, stat.modifiedMs, stat.changedMs].join(' ');
}

function isOlder({ modifiedMs, changedMs }: FileStat, recordedAt: number): boolean {
  return settledMs(modifiedMs, changedMs) < recordedAt;
}

/** Where the records of a workspace are kept. */
export function statCachePath(runsFolder: string): string {
  return join(runsFolder, 'stat.db');
}
