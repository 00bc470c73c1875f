import { livenessOf } from '../cache/process-identity.ts';
import type { FlowDatabase } from './open-database.ts';

/** The key under which a task of an experiment last had a result. */
export function lastKeyOf(database: FlowDatabase, experiment: string, task: string): string | undefined {
  const row = database
    .prepare<[string, string], { key: string }>(
      `select task.key from task join run on run.id = task.run
         where run.experiment = ? and task.task = ? and task.outcome in ('done', 'cached')
         order by run.startedAt desc limit 1`,
    )
    .get(experiment, task);
  return row?.key;
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

/** Writes down which runs have been killed: they never said that they ended, and their process is gone. */
export function closeKilledRuns(database: FlowDatabase): void {
  const open = database
    .prepare<[], OpenRun>('select id, host, runnerPid, runnerStarted from run where outcome is null')
    .all();
  for (const { id, host, runnerPid, runnerStarted } of open) {
    if (livenessOf({ host, pid: runnerPid, started: runnerStarted }) !== 'dead') continue;
    database.transaction(() => {
      database.prepare(`update run set outcome = 'killed' where id = ? and outcome is null`).run(id);
      database.prepare(`update attempt set outcome = 'lost' where run = ? and outcome is null`).run(id);
    })();
  }
}
