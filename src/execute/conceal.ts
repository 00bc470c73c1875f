import { readFileSync, writeFileSync } from 'node:fs';
import type { Failure } from '../base/failure.ts';
import type { TaskSpec } from '../spec/experiment.ts';

/** What stands in records where a secret was printed. */
const concealed = '(secret)';

/** Values of the secrets a task is given. */
export function secretsOf({ environment }: TaskSpec): string[] {
  return Object.values(environment).flatMap(({ value, secret }) => (secret && value !== '' ? [value] : []));
}

/** A text without the secrets that stand in it. */
export function concealIn(text: string, secrets: readonly string[]): string {
  // The longest first: one secret may be the beginning of another.
  const ordered = [...secrets].sort((a, b) => b.length - a.length);
  return ordered.reduce((left, secret) => left.replaceAll(secret, concealed), text);
}

export function concealInFailures(failures: readonly Failure[], secrets: readonly string[]): readonly Failure[] {
  if (secrets.length === 0) return failures;
  return failures.map((failure) => ({
    ...failure,
    message: concealIn(failure.message, secrets),
    ...(failure.hint === undefined ? {} : { hint: concealIn(failure.hint, secrets) }),
  }));
}

/** Takes the secrets out of a file that a process has written. */
export function concealInFile(path: string, secrets: readonly string[]): void {
  if (secrets.length === 0) return;
  // Latin-1 maps every byte to one character and back, whatever the file holds.
  const text = readFileSync(path, 'latin1');
  const clean = concealIn(
    text,
    secrets.map((secret) => Buffer.from(secret).toString('latin1')),
  );
  if (clean !== text) writeFileSync(path, clean, 'latin1');
}
