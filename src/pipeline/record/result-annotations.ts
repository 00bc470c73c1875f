import { readEntry, type Acceptance } from '../cache/cache-entry.ts';
import type { ResultCache } from '../cache/result-cache.ts';
import type { Key } from '../plan/key-document.ts';
import type { FlowDatabase } from './open-database.ts';

/** What `flow repeat` has found out about a task. */
export interface Repetition {
  readonly key: string;
  readonly task: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Output ports whose content differed. */
  readonly differing: readonly string[];
}

export function recordRepetition(database: FlowDatabase, { key, task, at, differing }: Repetition): void {
  database
    .prepare('insert into repetition (key, at, task, isIdentical, differing) values (?, ?, ?, ?, ?)')
    .run(key, at, task, differing.length === 0 ? 1 : 0, JSON.stringify(differing));
}

/** The last repetition of the task with this key; undefined if it never was. */
function lastRepetition(database: FlowDatabase, key: string): Repetition | undefined {
  const row = database
    .prepare<[string], Omit<Repetition, 'differing'> & { readonly differing: string }>(
      'select key, task, at, differing from repetition where key = ? order by at desc limit 1',
    )
    .get(key);
  return row === undefined ? undefined : { ...row, differing: JSON.parse(row.differing) as readonly string[] };
}

/** What users have found out about a result, or decided. */
export interface ResultAnnotations {
  /** Set if `flow accept` has made the result of another key that of this one. */
  readonly accepted?: Acceptance;
  /** What `flow repeat` has shown, the last time. */
  readonly repeated?: { readonly at: string; readonly identical: boolean; readonly differing: readonly string[] };
}

/** The annotations of the result of a key. */
export function annotationsOf(
  key: Key | null,
  { database, cache }: { readonly database: FlowDatabase; readonly cache: ResultCache },
): ResultAnnotations {
  if (key === null) return {};
  const accepted = readEntry(cache.entryFolder(key), key)?.accepted;
  const repetition = lastRepetition(database, key);
  return { ...(accepted && { accepted }), ...(repetition && { repeated: repeatedOf(repetition) }) };
}

function repeatedOf({ at, differing }: Repetition): NonNullable<ResultAnnotations['repeated']> {
  return { at: new Date(at).toISOString(), identical: differing.length === 0, differing };
}
