import { livenessOf } from '../../core/process-facts.ts';
import { isSqliteError } from '../../core/sqlite.ts';
import type { AttemptOutcome } from '../execute/event.ts';
import type { Key } from '../plan/key-document.ts';
import type { FlowDatabase } from './open-database.ts';

/**
 * Joined to `run`: runs in the order in which they were recorded, which a clock that was set cannot change. Runs that
 * were imported come before those of this workspace.
 */
export const recorded = 'runFacts as recorded on recorded.run = run.id';
export const latestFirst = 'recorded.rowid desc';

/** The key under which a task of an experiment last had a result. */
export function lastKeyOf(database: FlowDatabase, experiment: string, task: string): Key | undefined {
  const row = database
    .prepare<[string, string], { key: Key }>(
      `select task.key from task join run on run.id = task.run join ${recorded}
         where run.experiment = ? and task.task = ? and task.outcome in ('done', 'cached')
         order by ${latestFirst} limit 1`,
    )
    .get(experiment, task);
  return row?.key;
}

export interface LastAttempt {
  readonly run: string;
  /** Null if its end was never recorded. */
  readonly detail: AttemptOutcome | null;
}

/** The last attempt at a task of an experiment, however it ended. */
export function lastAttemptOf(database: FlowDatabase, experiment: string, task: string): LastAttempt | undefined {
  const row = database
    .prepare<[string, string], { run: string; detail: string | null }>(
      `select attempt.run, attempt.detail from attempt join run on run.id = attempt.run join ${recorded}
         where run.experiment = ? and attempt.task = ? order by ${latestFirst}, attempt.number desc limit 1`,
    )
    .get(experiment, task);
  return row === undefined
    ? undefined
    : { run: row.run, detail: row.detail === null ? null : (JSON.parse(row.detail) as AttemptOutcome) };
}

/** The task that last computed the result of a key, and in which run; undefined if that was not in this workspace. */
export function executionOf(
  database: FlowDatabase,
  key: string,
): { readonly run: string; readonly task: string } | undefined {
  return database
    .prepare<[string], { run: string; task: string }>(
      `select attempt.run, attempt.task from attempt join run on run.id = attempt.run join ${recorded}
         where attempt.key = ? and attempt.outcome = 'done' order by ${latestFirst} limit 1`,
    )
    .get(key);
}

/** How long the task took when it was last computed; undefined if it never was. */
export function lastDurationOf(database: FlowDatabase, experiment: string, task: string): number | undefined {
  const row = database
    .prepare<[string, string], { durationMs: number }>(
      `select task.durationMs from task join run on run.id = task.run join ${recorded}
         where run.experiment = ? and task.task = ? and task.durationMs is not null
         order by ${latestFirst} limit 1`,
    )
    .get(experiment, task);
  return row?.durationMs;
}

/**
 * How long comparable tasks took on average, in milliseconds: those of the same stage of an experiment, or else all of a kind of
 * stage; undefined if none is recorded.
 */
export function comparableDuration(
  database: FlowDatabase,
  { experiment, stage, kind }: { readonly experiment: string; readonly stage: string; readonly kind: string },
): number | undefined {
  const mean = database.prepare<[string, string | null, string | null], { mean: number | null }>(
    `select avg(task.durationMs) as mean from task join run on run.id = task.run
       where task.kind = ? and task.stage = coalesce(?, task.stage) and run.experiment = coalesce(?, run.experiment)
         and task.durationMs is not null`,
  );
  return mean.get(kind, stage, experiment)?.mean ?? mean.get(kind, null, null)?.mean ?? undefined;
}

/** The text of a key document as it was recorded. */
export function recordedDocument(database: FlowDatabase, key: string): string | undefined {
  return database.prepare<[string], { document: string }>('select document from keyDocument where key = ?').get(key)
    ?.document;
}

interface OpenRun {
  readonly id: string;
  readonly host: string;
  readonly runnerPid: number;
  readonly runnerStarted: string;
}

/** Records which runs were killed: their end was never recorded, and their process is gone. */
export function closeKilledRuns(database: FlowDatabase): void {
  // Without the right to write, a reader sees them as they were left.
  if (database.readonly) return;
  const open = database
    .prepare<[], OpenRun>('select id, host, runnerPid, runnerStarted from run where outcome is null')
    .all();
  for (const { id, host, runnerPid, runnerStarted } of open) {
    if (livenessOf({ host, pid: runnerPid, started: runnerStarted }) !== 'dead') continue;
    const close = database.transaction(() => {
      database.prepare(`update run set outcome = 'killed' where id = ? and outcome is null`).run(id);
      database
        .prepare(
          `update task set outcome = 'interrupted' where run = ? and outcome is null and exists (
             select 1 from attempt where attempt.run = task.run and attempt.task = task.task and outcome is null)`,
        )
        .run(id);
      database.prepare(`update attempt set outcome = 'lost' where run = ? and outcome is null`).run(id);
    });
    try {
      close();
    } catch (error) {
      // On a full disk too.
      if (!isSqliteError(error, 'SQLITE_FULL', 'SQLITE_IOERR')) throw error;
      return;
    }
  }
}

export interface PastRun {
  readonly id: string;
  readonly experiment: string;
  readonly file: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly durationMs: number | null;
  /** `running` while no end of it is recorded. */
  readonly outcome: 'done' | 'failed' | 'interrupted' | 'killed' | 'running';
}

export interface PastTask {
  readonly task: string;
  readonly stage: string;
  readonly kind: string;
  readonly outcome: 'cached' | 'done' | 'failed' | 'interrupted' | 'skipped' | null;
  readonly key: Key | null;
  /** Of the execution that produced the result, whenever that was. */
  readonly durationMs: number | null;
}

const runColumns = `id, experiment, file, startedAt, durationMs, coalesce(outcome, 'running') as outcome`;

/** The last run of every experiment, the latest first. */
export function lastRuns(database: FlowDatabase): PastRun[] {
  return database
    .prepare<[], PastRun>(
      `select ${runColumns} from run join ${recorded} where recorded.rowid = (
         select max(facts.rowid) from run as other join runFacts as facts on facts.run = other.id
           where other.experiment = run.experiment
       ) order by ${latestFirst}`,
    )
    .all();
}

/** The last run of an experiment. */
export function lastRunOf(database: FlowDatabase, experiment: string): PastRun | undefined {
  return database
    .prepare<[string], PastRun>(
      `select ${runColumns} from run join ${recorded} where experiment = ? order by ${latestFirst} limit 1`,
    )
    .get(experiment);
}

/** What became of each task of a run, in the order of the experiment. */
export function tasksOf(database: FlowDatabase, run: string): PastTask[] {
  return database
    .prepare<[string], PastTask>(
      'select task, stage, kind, outcome, key, durationMs from task where run = ? order by position',
    )
    .all(run);
}

/** Runs, the latest first. */
export function listRuns(
  database: FlowDatabase,
  { experiment, limit }: { readonly experiment: string | undefined; readonly limit: number },
): PastRun[] {
  return database
    .prepare<[string | null, string | null, number], PastRun>(
      `select ${runColumns} from run join ${recorded} where experiment = ? or ? is null order by ${latestFirst} limit ?`,
    )
    .all(experiment ?? null, experiment ?? null, limit);
}

/** One run. */
export function runOf(database: FlowDatabase, id: string): PastRun {
  const run = database.prepare<[string], PastRun>(`select ${runColumns} from run where id = ?`).get(id);
  if (run === undefined) throw new Error(`run ${id} was found and is not there`);
  return run;
}

export function isRecorded(database: FlowDatabase, id: string): boolean {
  return database.prepare('select 1 from run where id = ?').get(id) !== undefined;
}

/** Whether a task of a run will print no more: it has ended, or its run has. */
export function hasEnded(database: FlowDatabase, run: string, task: string): boolean {
  const sql = `select task.outcome is not null or run.outcome is not null from task join run on run.id = task.run
    where run = ? and task = ?`;
  return database.prepare<[string, string], number>(sql).pluck().get(run, task) !== 0;
}

/**
 * Records a run of another machine as killed unless its end is recorded: it cannot continue here. It comes before all
 * runs of this workspace, and among those that were imported where its clock says.
 */
export function closeImportedRun(database: FlowDatabase, id: string): void {
  const place = `select ${-(2 ** 52)} + max(0, cast(startedAt as integer)) from run where id = ?`;
  let rowid = Number(database.prepare<[string], number>(place).pluck().get(id));
  const isTaken = database.prepare<[number], number>('select 1 from runFacts where rowid = ?').pluck();
  while (isTaken.get(rowid) !== undefined) rowid += 1;
  database.prepare('update runFacts set rowid = ? where run = ?').run(rowid, id);
  database.prepare(`update run set outcome = 'killed' where id = ? and outcome is null`).run(id);
}

/** Removes everything that is recorded of a run, if it is recorded. */
export function removeRun(database: FlowDatabase, id: string): void {
  database.prepare('delete from run where id = ?').run(id);
}
