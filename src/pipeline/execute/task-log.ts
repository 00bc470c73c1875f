import { closeSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

const headingMark = '--- ';

/** Opens the log of a task for appending, with a line that separates the attempts. */
export function openLog(path: string, heading: string): number {
  mkdirSync(dirname(path), { recursive: true });
  const descriptor = openSync(path, 'a');
  writeSync(descriptor, `${headingMark}${heading}\n`);
  return descriptor;
}

export function closeLog(descriptor: number): void {
  closeSync(descriptor);
}

/** The last lines of what the last attempt printed. */
export function logTail(path: string, lines: number): string[] {
  const text = `\n${readFileSync(path, 'utf8')}`;
  const printed = text.slice(text.lastIndexOf(`\n${headingMark}`) + 1).split('\n');
  return printed
    .slice(1)
    .filter((line) => line.trim() !== '')
    .slice(-lines);
}
