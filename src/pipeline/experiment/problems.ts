import { throwIfAny, type Failure } from '../../core/failure.ts';
import type { SpecCode, WarningCode } from './failure-codes.ts';
import { locate, type Span } from './source-text.ts';

export interface Problem<Code = SpecCode> {
  readonly code: Code;
  readonly message: string;
  readonly at?: Span;
  readonly hint?: string | undefined;
}

/** Collects the mistakes of an experiment, so that all of them are shown at once. */
export class Problems {
  readonly #failures = new Map<string, Failure>();
  readonly #warnings = new Map<string, Failure>();

  get count(): number {
    return this.#failures.size;
  }

  add(problem: Problem): void {
    this.addAll([failureOf(problem)]);
  }

  /** Something that is allowed, but probably not meant. */
  warn(problem: Problem<WarningCode>): void {
    const warning = failureOf(problem);
    this.#warnings.set(identityOf(warning), warning);
  }

  get warnings(): readonly Failure[] {
    return inOrderOfPlaces([...this.#warnings.values()]);
  }

  addAll(failures: readonly Failure[]): void {
    // Instances of a matrix have their mistakes in common.
    for (const failure of failures) this.#failures.set(identityOf(failure), failure);
  }

  /** Throws what was collected, in the order of the places. */
  throwIfAny(): void {
    throwIfAny(inOrderOfPlaces([...this.#failures.values()]));
  }
}

function failureOf({ code, message, at, hint }: Problem<string>): Failure {
  return {
    code,
    message,
    ...(at === undefined ? {} : { at: locate(at) }),
    ...(hint === undefined ? {} : { hint }),
  };
}

function identityOf({ code, message, at }: Failure): string {
  const position = at !== undefined && 'line' in at ? `${at.file}:${String(at.line)}:${String(at.column)}` : '';
  return `${code} ${position} ${at !== undefined && 'sourceLine' in at ? (at.sourceLine ?? '') : ''} ${message}`;
}

/** By line within each file; the files in the order in which they were first complained about. */
function inOrderOfPlaces(failures: readonly Failure[]): Failure[] {
  const files = [...new Set(failures.map(fileOf))];
  return failures.toSorted(
    (a, b) => files.indexOf(fileOf(a)) - files.indexOf(fileOf(b)) || positionOf(a) - positionOf(b),
  );
}

function fileOf(failure: Failure): string {
  return failure.at?.file ?? '';
}

function positionOf({ at }: Failure): number {
  // Arguments keep the order in which they were complained about.
  return at !== undefined && 'line' in at && !at.file.startsWith('--') ? at.line * 100_000 + at.column : 0;
}
