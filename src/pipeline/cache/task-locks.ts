import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import type Database from 'better-sqlite3';
import { shareLike } from '../../core/atomic-file.ts';
import { identify, livenessOf, runsInGroup, thisHost, type ProcessIdentity } from '../../core/process-facts.ts';
import { openSqlite } from '../../core/sqlite.ts';
import type { Key } from '../plan/key-document.ts';

/** What runs under a lock, as its executor names it: a process of this machine, or the job of a scheduler. */
export interface LockedWorker {
  readonly id: string;
  /** Undefined for a job: only its executor can tell whether it has ended. */
  readonly pid: number | undefined;
  readonly started: string;
}

/** Who holds a lock: the runner, and the worker it started, which may outlive it. */
export interface LockOwner {
  readonly runner: ProcessIdentity;
  readonly worker: LockedWorker | undefined;
  readonly run: string;
}

interface Row {
  readonly token: string;
  readonly host: string;
  readonly runnerPid: number;
  readonly runnerStarted: string;
  /** Null for the job of a scheduler, whose id is in `workerStarted` then. */
  readonly workerPid: number | null;
  readonly workerStarted: string | null;
  readonly run: string;
  readonly beat: number;
}

export type LockAttempt =
  | {
      readonly outcome: 'acquired';
      readonly lock: TaskLock;
      /** The owner before us is on another machine and has fallen silent: it may still write where it wrote. */
      readonly isTakenOver: boolean;
    }
  | { readonly outcome: 'held'; readonly owner: LockOwner }
  /** The runner is gone, its worker is not: it must end before another may write where it writes. */
  | { readonly outcome: 'orphaned'; readonly worker: LockedWorker };

export interface LockSettings {
  readonly host?: string;
  /** How long an owner on another machine may go without a heartbeat before it counts as dead. */
  readonly silenceMs?: number;
}

/**
 * Locks by key, in a SQLite file: a transaction decides who takes over from a dead owner, which lock files alone
 * cannot do without a race. Owners of this machine are dead when their process is; owners elsewhere when their
 * heartbeat stops by our own clock (clocks of two machines are never compared). So no lock has to be removed by hand.
 */
export class TaskLocks {
  readonly #database: Database.Database;
  readonly #host: string;
  readonly #run: string;
  readonly #silenceMs: number;
  /** The last heartbeats of owners elsewhere: token and count, and since when they have not changed. */
  readonly #watched = new Map<string, { readonly heartbeat: string; readonly since: number }>();

  constructor(path: string, run: string, { host = thisHost(), silenceMs = 60_000 }: LockSettings = {}) {
    this.#run = run;
    this.#host = host;
    this.#silenceMs = silenceMs;
    const isNew = path !== ':memory:' && !existsSync(path);
    this.#database = openSqlite(path, { timeout: 30_000 });
    // SQLite leaves it to its first user alone.
    if (isNew) shareLike(dirname(path), path);
    // No WAL: the file may be on a shared folder. Losing locks in a power cut is right: their owners are gone too.
    this.#database.pragma('journal_mode = TRUNCATE');
    this.#database.pragma('synchronous = OFF');
    this.#database.exec(`
      create table if not exists lock (
        key text primary key,
        token text not null,
        host text not null,
        runnerPid integer not null,
        runnerStarted text not null,
        workerPid integer,
        workerStarted text,
        run text not null,
        beat integer not null
      ) without rowid`);
  }

  close(): void {
    this.#database.close();
  }

  /** Takes the lock of a key if it is free or its owner is dead. */
  tryAcquire(key: Key): LockAttempt {
    return this.#database
      .transaction((): LockAttempt => {
        const row = this.#read(key);
        const holder = row === undefined ? undefined : this.#holder(key, row);
        if (holder !== undefined) return holder;
        this.#watched.delete(key);
        const isTakenOver = row !== undefined && row.host !== this.#host;
        return { outcome: 'acquired', lock: this.#take(key), isTakenOver };
      })
      .immediate();
  }

  /** Whether the lock of a key is free: looked at without writing, as on a full disk. */
  isFree(key: Key): boolean {
    const row = this.#read(key);
    return row === undefined || this.#holder(key, row) === undefined;
  }

  /** Shows that we are alive to other machines, which cannot see our process. To be called every few seconds. */
  heartbeat(): void {
    this.#database
      .prepare('update lock set beat = beat + 1 where host = ? and runnerPid = ?')
      .run(this.#host, process.pid);
  }

  #read(key: Key): Row | undefined {
    return this.#database.prepare<[string], Row>('select * from lock where key = ?').get(key);
  }

  #holder(key: Key, row: Row): LockAttempt | undefined {
    const runner: ProcessIdentity = { host: row.host, pid: row.runnerPid, started: row.runnerStarted };
    const worker = workerOf(row);
    const owner: LockOwner = { runner, worker, run: row.run };
    switch (livenessOf(runner, this.#host)) {
      case 'alive':
        return { outcome: 'held', owner };
      case 'elsewhere':
        return this.#isSilent(key, row) ? undefined : { outcome: 'held', owner };
      case 'dead':
        return worker === undefined || this.#hasEnded(worker) ? undefined : { outcome: 'orphaned', worker };
    }
  }

  /** Writes down that a worker of a dead runner has been ended by its executor. */
  orphanEnded(key: Key, { id, pid }: LockedWorker): void {
    if (pid !== undefined) return;
    this.#database
      .prepare('update lock set workerStarted = null where key = ? and workerPid is null and workerStarted = ?')
      .run(key, id);
  }

  #hasEnded({ pid, started }: LockedWorker): boolean {
    if (pid === undefined) return false;
    if (livenessOf({ host: this.#host, pid, started }, this.#host) === 'alive') return false;
    // What it has started may run on; if another process has its id, none of its group was left.
    return identify(pid, this.#host) !== undefined || !runsInGroup(pid);
  }

  #isSilent(key: Key, row: Row): boolean {
    const heartbeat = `${row.token} ${row.beat}`;
    const seen = this.#watched.get(key);
    if (seen?.heartbeat === heartbeat) return performance.now() - seen.since > this.#silenceMs;
    this.#watched.set(key, { heartbeat, since: performance.now() });
    return false;
  }

  #take(key: Key): TaskLock {
    const runner = identify(process.pid, this.#host);
    const token = `${process.pid}-${runner?.started ?? ''}-${performance.now()}`;
    this.#database
      .prepare('insert or replace into lock values (?, ?, ?, ?, ?, null, null, ?, 0)')
      .run(key, token, this.#host, process.pid, runner?.started ?? '', this.#run);
    return new TaskLock(this.#database, key, { token, host: this.#host });
  }
}

/** A lock we hold. */
export class TaskLock {
  readonly #database: Database.Database;
  readonly #key: Key;
  readonly #token: string;
  readonly #host: string;

  constructor(
    database: Database.Database,
    key: Key,
    { token, host }: { readonly token: string; readonly host: string },
  ) {
    this.#database = database;
    this.#key = key;
    this.#token = token;
    this.#host = host;
  }

  /** Writes down the worker, so that the next runner, if this one is killed, waits for it to end. */
  nameWorker(id: string): void {
    const isProcess = /^\d+$/.test(id);
    const worker = isProcess ? identify(Number(id), this.#host) : { pid: null, started: id };
    this.#database
      .prepare('update lock set workerPid = ?, workerStarted = ? where key = ? and token = ?')
      .run(worker?.pid ?? null, worker?.started ?? null, this.#key, this.#token);
  }

  /** False where another machine took us for dead and went on without us. */
  isOurs(): boolean {
    const row = this.#database.prepare('select 1 from lock where key = ? and token = ?').get(this.#key, this.#token);
    return row !== undefined;
  }

  release(): void {
    this.#database.prepare('delete from lock where key = ? and token = ?').run(this.#key, this.#token);
  }
}

function workerOf({ workerPid, workerStarted }: Row): LockedWorker | undefined {
  if (workerStarted === null) return undefined;
  if (workerPid === null) return { id: workerStarted, pid: undefined, started: '' };
  return { id: String(workerPid), pid: workerPid, started: workerStarted };
}
