import type { FlowDatabase } from './open-database.ts';

export interface PastAttempt {
  readonly task: string;
  readonly number: number;
  readonly outcome: string | null;
  readonly resumedFrom: number | null;
  /** JSON: the list of reasons. */
  readonly reasons: string;
  readonly durationMs: number | null;
  readonly peakMemoryBytes: number | null;
  readonly cpuMs: number | null;
  readonly readBytes: number | null;
  readonly writtenBytes: number | null;
  readonly logFile: string;
  /** Processors it was given. */
  readonly cpus: number | null;
  /** JSON: ids of the graphics processors it was given. */
  readonly gpus: string | null;
}

export interface PastArtifact {
  readonly task: string;
  readonly port: string;
  readonly kind: string;
  readonly path: string;
  readonly digest: string;
  readonly bytes: number;
}

export interface PastFigure {
  readonly task: string;
  readonly name: string;
  readonly value: number;
}

export interface CurvePoint extends PastFigure {
  readonly step: number;
}

/** Every attempt of a run, in the order of the experiment. */
export function attemptsOf(database: FlowDatabase, run: string): PastAttempt[] {
  return database
    .prepare<[string], PastAttempt>(
      `select attempt.task, number, attempt.outcome, resumedFrom, reasons, attempt.durationMs,
         attempt.peakMemoryBytes, cpuMs, readBytes, writtenBytes, logFile, cpus, gpus
         from attempt join task using (run, task) where run = ? order by position, number`,
    )
    .all(run);
}

/** What the tasks of a run gave. */
export function artifactsOf(database: FlowDatabase, run: string): PastArtifact[] {
  return database
    .prepare<[string], PastArtifact>(
      `select task, port, artifact.kind, path, digest, bytes from artifact join task using (run, task)
         where run = ? order by position, port`,
    )
    .all(run);
}

/** Final figures of a run, also of tasks that came from the cache. */
export function figuresOf(database: FlowDatabase, run: string): PastFigure[] {
  return database
    .prepare<[string], PastFigure>(
      `select task, name, value from metric join task using (run, task)
         where run = ? and step is null order by position, metric.rowid`,
    )
    .all(run);
}

/**
 * Points of curves of a run; of tasks that ran in it, since a result from the cache brings its figures alone. Of the same
 * step the last one: a stage that resumes, or goes back, computes steps once more.
 */
export function curvesOf(database: FlowDatabase, run: string): CurvePoint[] {
  return database
    .prepare<[string, string], CurvePoint>(
      `select task, name, step, value from metric join task using (run, task)
         where run = ? and step is not null
           and metric.rowid in (select max(rowid) from metric where run = ? and step is not null group by task, name, step)
         order by position, name, step`,
    )
    .all(run, run);
}
