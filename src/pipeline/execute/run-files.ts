import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A task id as a file name: `verify[set=lfw]` stays readable, what could confuse a file system does not. */
export function taskFileName(task: string): string {
  return task.replaceAll(/[^\p{L}\p{N}._=,@[\]-]/gu, '_');
}

/** The link in a run's folder that leads to the outputs of a task in the cache. */
export function outputsLinkOf(runFolder: string, task: string): string {
  return join(runFolder, 'outputs', taskFileName(task));
}

/** Where outputs that must not be cached are kept for inspection. */
export function keptOutputsOf(runFolder: string, task: string): string {
  return join(runFolder, 'kept', taskFileName(task));
}

export const logsFolderName = 'logs';

export function logFileOf(runFolder: string, task: string): string {
  return join(runFolder, logsFolderName, `${taskFileName(task)}.log`);
}

const headingMark = '--- ';

/** Begins the log of an attempt, behind those of the attempts before it. */
export function beginLog(path: string, heading: string): void {
  mkdirSync(dirname(path), { recursive: true });
  appendFileSync(path, `${headingMark}${heading}\n`);
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
