import type { Failure } from '../../core/failure.ts';

/** What a path begins with, and what is written instead. */
export type PathName = readonly [from: string, to: string];

/** A text with names instead of what paths begin with. */
export function namePaths(text: string, names: readonly PathName[]): string {
  return names.reduce((result, [from, to]) => result.replaceAll(from, to), text);
}

/**
 * Failures of a stage with paths that a person can follow: results are in folders named by 64 digits, and a scratch
 * folder is gone when one reads of it.
 */
export function namePathsIn(failures: readonly Failure[], names: readonly PathName[]): readonly Failure[] {
  const named = (text: string): string => namePaths(text, names);
  return failures.map(({ message, hint, at, ...failure }) => ({
    ...failure,
    message: named(message),
    ...(hint === undefined ? {} : { hint: named(hint) }),
    ...(at === undefined ? {} : { at: { ...at, file: named(at.file) } }),
  }));
}
