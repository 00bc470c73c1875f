import { FailureError, type Failure } from '../base/failure.ts';
import type { SpecCode } from './failure-codes.ts';
import { locate, type Span } from './source-text.ts';

export interface Problem {
  readonly code: SpecCode;
  readonly message: string;
  readonly at?: Span;
  readonly hint?: string | undefined;
}

/** Collects the mistakes of an experiment, so that all of them are shown at once. */
export class Problems {
  readonly #failures: Failure[] = [];

  get count(): number {
    return this.#failures.length;
  }

  add(problem: Problem): void {
    this.#failures.push({
      code: problem.code,
      message: problem.message,
      ...(problem.at === undefined ? {} : { at: locate(problem.at) }),
      ...(problem.hint === undefined ? {} : { hint: problem.hint }),
    });
  }

  addAll(failures: readonly Failure[]): void {
    this.#failures.push(...failures);
  }

  /** Throws what was collected, in the order of the places. */
  throwIfAny(): void {
    const [first, ...rest] = inOrderOfPlaces(this.#failures);
    if (first !== undefined) throw new FailureError([first, ...rest]);
  }
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
