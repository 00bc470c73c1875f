import { closeSync, readSync } from 'node:fs';
import { fail, type FailureMaker } from '../../core/failure.ts';
import { Cursor } from './cursor.ts';
import { failures } from './failures.ts';
import { openForReading } from './read-file.ts';

/** One line of a text file, with what a failure about it needs. */
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
    return fail(failures.notText({}, cursor.at(offset)));
  }
  return text.split('\n').flatMap((line, index) => {
    const trimmed = line.replace(/\r$/, '');
    return trimmed.trim() === '' ? [] : [{ file, number: index + 1, text: trimmed }];
  });
}

/** The same of a file of any size, read 1 MB at a time. */
export function* readFilledLines(path: string, what: string): Generator<TextLine> {
  let number = 0;
  for (const { bytes } of readLineBlocks(path, what)) {
    for (const line of filledLines(new Cursor(bytes, path))) yield { ...line, number: number + line.number };
    number += countLineFeeds(bytes);
  }
}

/** Whole lines of a file. */
export interface LineBlock {
  /** Where the first of them begins. */
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** A file of any size in blocks of about 1 MB that end with a line. */
export function* readLineBlocks(path: string, what: string): Generator<LineBlock> {
  const { descriptor } = openForReading(path, what);
  try {
    const chunk = Buffer.allocUnsafe(1 << 20);
    let rest = Buffer.alloc(0);
    let offset = 0;
    for (;;) {
      const got = readSync(descriptor, chunk, 0, chunk.length, null);
      const bytes = Buffer.concat([rest, chunk.subarray(0, got)]);
      const end = got === 0 ? bytes.length : bytes.lastIndexOf(10) + 1;
      rest = Buffer.from(bytes.subarray(end));
      yield { offset, bytes: bytes.subarray(0, end) };
      offset += end;
      if (got === 0) return;
    }
  } finally {
    closeSync(descriptor);
  }
}

function countLineFeeds(bytes: Uint8Array): number {
  let count = 0;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) count += 1;
  return count;
}

/** Fails at a line, of which `expected` is the text that should have been there. */
export function refuseLine(
  line: TextLine,
  kind: FailureMaker<{ readonly expected: string; readonly found?: string | undefined }>,
  expected: string,
): never {
  const shown = line.text.length > 120 ? `${line.text.slice(0, 117)}...` : line.text;
  fail(
    kind(
      { expected, found: JSON.stringify(shown) },
      { file: line.file, line: line.number, column: 1, length: Math.max(1, shown.length), sourceLine: shown },
    ),
  );
}
