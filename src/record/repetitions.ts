import type { FlowDatabase } from './open-database.ts';

/** What running a task once more has shown. */
export interface Repetition {
  readonly key: string;
  readonly task: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Output ports whose content was another. */
  readonly differing: readonly string[];
}

export function recordRepetition(database: FlowDatabase, { key, task, at, differing }: Repetition): void {
  database
    .prepare('insert into repetition (key, at, task, isIdentical, differing) values (?, ?, ?, ?, ?)')
    .run(key, at, task, differing.length === 0 ? 1 : 0, JSON.stringify(differing));
}
