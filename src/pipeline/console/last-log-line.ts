import { statSync } from 'node:fs';
import { plainText } from '../../core/text/terminal-text.ts';
import { logTail } from '../execute/run-files.ts';

interface Seen {
  readonly bytes: number;
  readonly at: number;
  readonly line: string;
}

/** A log is looked at as often at most. */
const lookEveryMs = 500;

/** What tasks printed last, out of their logs: a program need not know how to report its progress. */
export class LastLogLines {
  readonly #seen = new Map<string, Seen>();

  /** @param now milliseconds since the epoch. Empty if nothing was printed yet. */
  of(logFile: string, now: number): string {
    const seen = this.#seen.get(logFile);
    if (seen !== undefined && now - seen.at < lookEveryMs) return seen.line;
    const bytes = statSync(logFile, { throwIfNoEntry: false })?.size ?? 0;
    const line = bytes === seen?.bytes ? seen.line : lastLine(logFile, bytes);
    this.#seen.set(logFile, { bytes, at: now, line });
    return line;
  }
}

function lastLine(logFile: string, bytes: number): string {
  if (bytes === 0) return '';
  const [line = ''] = logTail(logFile, 1, 0);
  // The heading of an attempt is ours.
  if (line.startsWith('--- attempt')) return '';
  // Progress bars write over their line.
  const parts = line.split('\r').filter((part) => part.trim() !== '');
  return plainText(parts.at(-1) ?? '').trim();
}
