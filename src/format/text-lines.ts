import { fail, type Failure } from '../base/failure.ts';
import type { Cursor } from './cursor.ts';

/** One line of a text file, with what an error about it needs. */
export interface TextLine {
  readonly file: string;
  /** Counted from 1. */
  readonly number: number;
  readonly text: string;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The lines that hold more than white space; line feeds, with or without carriage returns, end them. */
export function filledLines(cursor: Cursor): TextLine[] {
  const { file } = cursor;
  const offset = cursor.offset;
  const bytes = cursor.take(cursor.remaining, 'the text');
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    return cursor.damaged('it is not UTF-8 text', offset, 'not-text');
  }
  return text.split('\n').flatMap((line, index) => {
    const trimmed = line.replace(/\r$/, '');
    return trimmed.trim() === '' ? [] : [{ file, number: index + 1, text: trimmed }];
  });
}

/** Fails at a line: `expected` says what should stand there. */
export function refuseLine(line: TextLine, code: string, expected: string, hint?: string): never {
  fail(lineFailure(line, code, expected, hint));
}

/** The same as a value, to be collected. */
export function lineFailure(line: TextLine, code: string, expected: string, hint?: string): Failure {
  const shown = line.text.length > 120 ? `${line.text.slice(0, 117)}...` : line.text;
  return {
    code,
    message: `expected ${expected}, found ${JSON.stringify(shown)}`,
    at: {
      file: line.file,
      line: line.number,
      column: 1,
      length: Math.max(1, shown.length),
      sourceLine: shown,
    },
    ...(hint === undefined ? {} : { hint }),
  };
}
