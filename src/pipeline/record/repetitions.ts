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

/** The last repetition of the task with this key; undefined where it was never repeated. */
export function lastRepetition(database: FlowDatabase, key: string): Repetition | undefined {
  const row = database
    .prepare<[string], Omit<Repetition, 'differing'> & { readonly differing: string }>(
      'select key, task, at, differing from repetition where key = ? order by at desc limit 1',
    )
    .get(key);
  return row === undefined ? undefined : { ...row, differing: JSON.parse(row.differing) as readonly string[] };
}
