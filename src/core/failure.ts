import { didYouMean } from './did-you-mean.ts';

/** Where in a text file a failure is. Lines and columns count from 1. */
export interface TextLocation {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Characters to underline from `column` on; at least 1. */
  readonly length: number;
  /** The source line itself, for the code frame. */
  readonly sourceLine?: string;
}

/** Where in a binary file a failure is; `offset` counts bytes from 0. */
export interface ByteLocation {
  readonly file: string;
  readonly offset?: number;
}

export type FailureLocation = TextLocation | ByteLocation;

declare const coded: unique symbol;

/** Kebab-case, stable, documented in docs/errors.md. Only a {@link catalogue} makes one: what is in none cannot fail. */
export type FailureCode = string & { readonly [coded]: true };

/** One expected failure as data: what is wrong, where, and what to do about it. Made by a {@link catalogue}. */
export interface Failure {
  readonly code: FailureCode;
  /** What was expected and what was found: begins in lower case, ends without a period. */
  readonly message: string;
  readonly at?: FailureLocation;
  /** What the user can do: whole sentences. */
  readonly hint?: string;
  /** How many more of the same kind were found, which are not told one by one. */
  readonly further?: number;
}

/** The text of a failure, made of the facts of the case. */
export interface FailureText {
  readonly message: string;
  readonly hint?: string | undefined;
  /** A name that was not found, and those that exist: the nearest is suggested behind the message. */
  readonly suggest?: { readonly name: string; readonly known: Iterable<string> } | undefined;
}

/** One kind of failure in the catalogue of a folder (`failures.ts`). */
export interface FailureKind<Facts> {
  /** One sentence for docs/errors.md. */
  readonly meaning: string;
  /** Given where several kinds share one code; otherwise the code is the kind's name in kebab case. */
  readonly code?: string;
  text(facts: Facts): FailureText;
  /** Facts of an imagined case, whose printed text is in docs/errors.md. */
  readonly example: NoInfer<Facts>;
}

/** Makes the failures of one kind. */
export interface FailureMaker<Facts> {
  (facts: Facts, at?: FailureLocation): Failure;
  readonly code: FailureCode;
  readonly kind: FailureKind<Facts>;
}

/**
 * The failures that a folder can end with: `failures.unknownTask({ name, known }, at)` is one of them. Codes, texts,
 * documentation and tests are made from the same literal.
 */
export function catalogue<Kinds extends Readonly<Record<string, unknown>>>(kinds: {
  readonly [Name in keyof Kinds]: FailureKind<Kinds[Name]>;
}): { readonly [Name in keyof Kinds]: FailureMaker<Kinds[Name]> } {
  const makers = Object.entries(kinds as Readonly<Record<string, FailureKind<never>>>).map(
    ([name, kind]) => [name, makerOf(name, kind)] as const,
  );
  const made: unknown = Object.fromEntries(makers);
  return made as { readonly [Name in keyof Kinds]: FailureMaker<Kinds[Name]> };
}

function makerOf<Facts>(name: string, kind: FailureKind<Facts>): FailureMaker<Facts> {
  const code = (kind.code ?? name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)) as FailureCode;
  const make = (facts: Facts, at?: FailureLocation): Failure => {
    const { message, hint, suggest } = kind.text(facts);
    return {
      code,
      message: message + suggestion(suggest),
      ...(at === undefined ? {} : { at }),
      ...(hint === undefined ? {} : { hint }),
    };
  };
  return Object.assign(make, { code, kind });
}

function suggestion(suggest: FailureText['suggest']): string {
  const nearest = suggest === undefined ? undefined : didYouMean(suggest.name, suggest.known);
  return nearest === undefined ? '' : ` (did you mean "${nearest}"?)`;
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

/** So many failures of one kind are told one by one. */
const toldOneByOne = 10;

/** Throws the first of many failures of one kind, and how many there are besides; does nothing if there are none. */
export function throwFirst(failures: readonly Failure[]): void {
  const further = failures.length - toldOneByOne;
  throwIfAny(
    failures
      .slice(0, toldOneByOne)
      .map((failure, index) => (further > 0 && index === toldOneByOne - 1 ? { ...failure, further } : failure)),
  );
}

/** Throws all failures that were found; does nothing if there are none. */
export function throwIfAny([first, ...others]: readonly Failure[]): void {
  if (first !== undefined) throw new FailureError([first, ...others]);
}

/** `ENOENT`, `Z_DATA_ERROR` and the like: the code of an error of the system or of a library; undefined if it has none. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Closes an exhaustive switch: does not compile while a case is missing. */
export function unreachable(value: never): never {
  throw new Error(`unreachable case: ${JSON.stringify(value)}`);
}
