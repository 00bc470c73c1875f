import type { TextLocation } from '../../core/failure.ts';

/** A text that values come from: a file, or an argument such as `--set`. */
export class SourceText {
  /** As shown to people: relative to the workspace where it lies inside of it. */
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

/** A stretch of a source text, kept until somebody asks for line and column. */
export interface Span {
  readonly source: SourceText;
  readonly start: number;
  readonly end: number;
}

export function locate(span: Span): TextLocation {
  return span.source.locate(span.start, span.end);
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
