import type { Failure } from '../../core/failure.ts';
import type { TaskSpec } from '../experiment/experiment.ts';

/** Takes the place of a secret in records. */
const replacement = '(secret)';

/** What is shorter is in many texts by chance: it is no secret worth the name, and hiding it makes a log unreadable. */
const shortestSecret = 4;

/** What must not be shown of the secrets a task is given: their values, and lines of them, which programs print one by one. */
export function secretsOf({ environment }: TaskSpec): string[] {
  const values = Object.values(environment).flatMap(({ value, secret }) => (secret && value !== '' ? [value] : []));
  const lines = values
    .filter((value) => value.includes('\n'))
    .flatMap((value) => value.split('\n').map((line) => line.trim()))
    .filter((line) => line.length >= shortestSecret);
  return [...new Set([...values, ...lines])];
}

/** Names of the variables of a task whose secrets are so short that hiding them hides much else. */
export function shortSecretsOf({ environment }: TaskSpec): string[] {
  return Object.entries(environment).flatMap(([name, { value, secret }]) =>
    secret && value !== '' && value.length < shortestSecret ? [name] : [],
  );
}

/** A text without the secrets it contains. */
export function redactIn(text: string, secrets: readonly string[]): string {
  return new Redactor(secrets).last(text);
}

/** Failures of a stage without the secrets that it may have quoted. Very short ones are parts of our own sentences. */
export function redactInFailures(failures: readonly Failure[], given: readonly string[]): readonly Failure[] {
  const secrets = given.filter((secret) => secret.length >= shortestSecret);
  if (secrets.length === 0) return failures;
  return failures.map((failure) => ({
    ...failure,
    message: redactIn(failure.message, secrets),
    ...(failure.hint === undefined ? {} : { hint: redactIn(failure.hint, secrets) }),
  }));
}

/** Takes secrets out of a text that comes in pieces, also where one is cut in two: what may become one is held back. */
export class Redactor {
  readonly #secrets: readonly string[];
  readonly #longest: number;
  readonly #pattern: RegExp;
  #held = '';

  constructor(secrets: readonly string[]) {
    // The longest first: one secret may be the beginning of another.
    this.#secrets = [...secrets].sort((a, b) => b.length - a.length);
    this.#longest = this.#secrets[0]?.length ?? 0;
    const literals = this.#secrets.map((secret) => secret.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    this.#pattern = new RegExp(literals.join('|') || '(?!)', 'g');
  }

  /** What can be shown of the text so far. */
  next(piece: string): string {
    return this.#take(piece, (text, from) => this.#beginningIn(text, from));
  }

  /** The rest, when nothing follows. */
  last(piece = ''): string {
    return this.#take(piece, () => undefined);
  }

  #take(piece: string, beginningIn: (text: string, from: number) => number | undefined): string {
    const text = this.#held + piece;
    let shown = '';
    for (let from = 0; ;) {
      this.#pattern.lastIndex = from;
      const found = this.#pattern.exec(text);
      const beginning = beginningIn(text, from);
      if (found !== null && (beginning === undefined || found.index < beginning)) {
        shown += text.slice(from, found.index) + replacement;
        from = found.index + found[0].length;
        continue;
      }
      this.#held = beginning === undefined ? '' : text.slice(beginning);
      return shown + text.slice(from, beginning);
    }
  }

  /** Where the text ends with the beginning of a secret. */
  #beginningIn(text: string, from: number): number | undefined {
    for (let at = Math.max(from, text.length - this.#longest + 1); at < text.length; at += 1) {
      const end = text.slice(at);
      if (this.#secrets.some((secret) => secret.length > end.length && secret.startsWith(end))) return at;
    }
    return undefined;
  }
}
