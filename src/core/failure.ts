/** Where in a text file a failure lies. Lines and columns count from 1. */
export interface TextLocation {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Characters to underline from `column` on; at least 1. */
  readonly length: number;
  /** The source line itself, for the code frame. */
  readonly sourceLine?: string;
}

/** Where in a binary file a failure lies; `offset` counts bytes from 0. */
export interface ByteLocation {
  readonly file: string;
  readonly offset?: number;
}

/** One expected failure as data: what is wrong, where, and what to do about it. */
export interface Failure {
  /** Kebab-case, stable, documented in docs/errors.md. */
  readonly code: string;
  /** One sentence: what was expected and what was found. */
  readonly message: string;
  readonly at?: TextLocation | ByteLocation;
  /** What the user can do. */
  readonly hint?: string;
}

/**
 * Carries expected failures to the place that shows them. Everything else that is thrown is a defect of ours.
 * Collect failures in an array while there is more to find, and throw once at the end.
 */
export class FailureError extends Error {
  override readonly name = 'FailureError';
  readonly failures: readonly [Failure, ...Failure[]];

  constructor(failures: readonly [Failure, ...Failure[]], options?: ErrorOptions) {
    super(failures.map((failure) => failure.message).join('\n'), options);
    this.failures = failures;
  }
}

/** Throws a single expected failure. */
export function fail(failure: Failure, cause?: unknown): never {
  throw new FailureError([failure], cause === undefined ? undefined : { cause });
}

/** Throws all failures that were found; does nothing where there are none. */
export function throwIfAny([first, ...others]: readonly Failure[]): void {
  if (first !== undefined) throw new FailureError([first, ...others]);
}

/** Closes an exhaustive switch: does not compile while a case is missing. */
export function unreachable(value: never): never {
  throw new Error(`unreachable case: ${JSON.stringify(value)}`);
}
