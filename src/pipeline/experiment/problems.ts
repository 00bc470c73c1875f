import { throwIfAny, type Failure, type TextLocation } from '../../core/failure.ts';

/** A text that values come from: a file, or an argument such as `--set`. */
export class SourceText {
  /** As shown to people: relative to the workspace if it is inside of it. */
  readonly file: string;
  readonly text: string;
  #lineStarts: readonly number[] | undefined;

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
  }

  /** The place of the characters from `start` up to `end`, of which the first line is underlined. */
  locate(start: number, end: number): TextLocation {
    const lineStarts = (this.#lineStarts ??= lineStartsOf(this.text));
    const line = lastNotAfter(lineStarts, start);
    const lineStart = lineStarts[line] ?? 0;
    const sourceLine = this.text.slice(lineStart, (lineStarts[line + 1] ?? this.text.length + 1) - 1).trimEnd();
    const column = start - lineStart;
    const length = Math.max(1, Math.min(end - start, sourceLine.length - column));
    return { file: this.file, line: line + 1, column: column + 1, length, sourceLine };
  }
}

/** A stretch of a source text; line and column are computed by {@link locate} when they are needed. */
export interface Span {
  readonly source: SourceText;
  readonly start: number;
  readonly end: number;
}

export function locate(span: Span): TextLocation {
  return span.source.locate(span.start, span.end);
}

/** Collects the mistakes of an experiment, so that all of them are shown at once. */
export class Problems {
  readonly #failures = new Map<string, Failure>();
  readonly #warnings = new Map<string, Failure>();

  get count(): number {
    return this.#failures.size;
  }

  /** Instances of a matrix share their mistakes: one that was added before is kept once. */
  add(failure: Failure): void {
    this.#failures.set(identityOf(failure), failure);
  }

  addAll(failures: readonly Failure[]): void {
    for (const failure of failures) this.add(failure);
  }

  /** Something that is allowed, but probably not meant. */
  warn(warning: Failure): void {
    this.#warnings.set(identityOf(warning), warning);
  }

  get warnings(): readonly Failure[] {
    return inOrderOfPlaces([...this.#warnings.values()]);
  }

  /** Throws what was collected, in the order of the places. */
  throwIfAny(): void {
    throwIfAny(inOrderOfPlaces([...this.#failures.values()]));
  }
}

function lineStartsOf(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

/** Index of the last entry that is not greater than `position` (binary search). */
function lastNotAfter(sorted: readonly number[], position: number): number {
  let low = 0;
  let high = sorted.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((sorted[middle] ?? 0) <= position) low = middle;
    else high = middle - 1;
  }
  return low;
}

function identityOf({ code, message, at }: Failure): string {
  const position = at !== undefined && 'line' in at ? `${at.file}:${String(at.line)}:${String(at.column)}` : '';
  return `${code} ${position} ${at !== undefined && 'sourceLine' in at ? (at.sourceLine ?? '') : ''} ${message}`;
}

/** By line within each file; the files in the order in which they were first reported. */
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
  // Arguments keep the order in which they were reported.
  return at !== undefined && 'line' in at && !at.file.startsWith('--') ? at.line * 100_000 + at.column : 0;
}
