import { readEntry, type Acceptance } from '../pipeline/cache/cache-entry.ts';
import type { Key } from '../pipeline/plan/key-document.ts';
import { lastRepetition, type Repetition } from '../pipeline/record/repetitions.ts';
import type { Workspace } from './workspace.ts';

/** What `flow accept` and `flow repeat` have made known of a result. */
export interface ResultAnnotations {
  /** Set where a person said that what has changed since it was computed does not matter. */
  readonly accepted?: Acceptance;
  /** What running it once more has shown, the last time that was done. */
  readonly repeated?: { readonly at: string; readonly identical: boolean; readonly differing: readonly string[] };
}

/** What is known of the result of a key; nothing where there is none. */
export function annotationsOf(key: Key | null, workspace: Workspace): ResultAnnotations {
  if (key === null) return {};
  const accepted = readEntry(workspace.cache.entryFolder(key), key)?.accepted;
  const repetition = lastRepetition(workspace.database, key);
  return { ...(accepted && { accepted }), ...(repetition && { repeated: repeatedOf(repetition) }) };
}

function repeatedOf({ at, differing }: Repetition): NonNullable<ResultAnnotations['repeated']> {
  return { at: new Date(at).toISOString(), identical: differing.length === 0, differing };
}

/** One phrase for each. */
export function judgementTexts({ accepted, repeated }: ResultAnnotations): string[] {
  return [
    ...(accepted === undefined ? [] : [`accepted on ${accepted.at}: "${accepted.reason}"`]),
    ...(repeated === undefined
      ? []
      : [
          `repeated on ${repeated.at}: ${repeated.identical ? 'identical' : `differs in ${repeated.differing.join(', ')}`}`,
        ]),
  ];
}
