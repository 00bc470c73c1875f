import type Database from 'better-sqlite3';
import { openSqlite } from '../../core/sqlite.ts';
import { identify, livenessOf, thisHost, type ProcessIdentity } from './process-identity.ts';

/** Who holds a lock: the runner, and the worker it started, which may outlive it for a moment. */
export interface LockOwner {
  readonly runner: ProcessIdentity;
  readonly worker: ProcessIdentity | undefined;
  readonly run: string;
}

interface Row {
  readonly token: string;
  readonly host: string;
  readonly runnerPid: number;
  readonly runnerStarted: string;
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
  /** The runner is gone, its worker is not: it must end before anybody else may write where it writes. */
  | { readonly outcome: 'orphaned'; readonly worker: ProcessIdentity };

export interface LockSettings {
  readonly host?: string;
  /** How long the heart of an owner on another machine may stand still before we take it for dead. */
  readonly silenceMs?: number;
}

/**
 * Locks by key, in a SQLite file: a transaction decides who takes over from a dead owner, which lock files alone
 * cannot do without a race. Owners of this machine are dead when their process is; owners elsewhere when their
 * heartbeat stands still by our own clock (clocks of two machines are never compared). So no lock needs a hand.
 */
export class TaskLocks {
  readonly #database: Database.Database;
  readonly #host: string;
  readonly #run: string;
  readonly #silenceMs: number;
  /** What we saw of the hearts of owners elsewhere: token, beat, and since when it has not changed. */
  readonly #watched = new Map<string, { readonly pulse: string; readonly since: number }>();

  constructor(path: string, run: string, { host = thisHost(), silenceMs = 60_000 }: LockSettings = {}) {
    this.#run = run;
    this.#host = host;
    this.#silenceMs = silenceMs;
    this.#database = openSqlite(path, { timeout: 30_000 });
    // No WAL: the file may lie on a shared folder. Losing locks in a power cut is right: their owners are gone too.
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
  tryAcquire(key: string): LockAttempt {
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

  /** Shows that we are alive to those who cannot see our process. To be called every few seconds. */
  beat(): void {
    this.#database
      .prepare('update lock set beat = beat + 1 where host = ? and runnerPid = ?')
      .run(this.#host, process.pid);
  }

  #read(key: string): Row | undefined {
    return this.#database.prepare<[string], Row>('select * from lock where key = ?').get(key);
  }

  #holder(key: string, row: Row): LockAttempt | undefined {
    const runner: ProcessIdentity = { host: row.host, pid: row.runnerPid, started: row.runnerStarted };
    const worker = workerOf(row);
    const owner: LockOwner = { runner, worker, run: row.run };
    switch (livenessOf(runner, this.#host)) {
      case 'alive':
        return { outcome: 'held', owner };
      case 'elsewhere':
        return this.#isSilent(key, row) ? undefined : { outcome: 'held', owner };
      case 'dead':
        if (worker !== undefined && livenessOf(worker, this.#host) === 'alive') return { outcome: 'orphaned', worker };
        return undefined;
    }
  }

  #isSilent(key: string, row: Row): boolean {
    const pulse = `${row.token} ${row.beat}`;
    const seen = this.#watched.get(key);
    if (seen?.pulse === pulse) return performance.now() - seen.since > this.#silenceMs;
    this.#watched.set(key, { pulse, since: performance.now() });
    return false;
  }

  #take(key: string): TaskLock {
    const runner = identify(process.pid, this.#host);
    const token = `${process.pid}-${runner?.started ?? ''}-${performance.now()}`;
    this.#database
      .prepare('insert or replace into lock values (?, ?, ?, ?, ?, null, null, ?, 0)')
      .run(key, token, this.#host, process.pid, runner?.started ?? '', this.#run);
    return new TaskLock(this.#database, key, token, this.#host);
  }
}

/** A lock we hold. */
export class TaskLock {
  readonly #database: Database.Database;
  readonly #key: string;
  readonly #token: string;
  readonly #host: string;

  constructor(database: Database.Database, key: string, token: string, host: string) {
    this.#database = database;
    this.#key = key;
    this.#token = token;
    this.#host = host;
  }

  /** Writes down the worker, so that whoever comes after a killed runner waits for it to end. */
  nameWorker(pid: number): void {
    const worker = identify(pid, this.#host);
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

function workerOf(row: Row): ProcessIdentity | undefined {
  if (row.workerPid === null || row.workerStarted === null) return undefined;
  return { host: row.host, pid: row.workerPid, started: row.workerStarted };
}
