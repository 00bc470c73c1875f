import { appendFileSync, closeSync, existsSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { makeOwnFolder } from '../../core/atomic-file.ts';

/** A task id as a file name: `verify[set=lfw]` stays readable, what could confuse a file system does not. */
export function taskFileName(task: string): string {
  return fileNameOf(task, replacedInTasks);
}

const replacedInTasks = /[^\p{L}\p{N}._=,@[\]-]/gu;

/** The name of an experiment as a file name. */
export function experimentFileName(experiment: string): string {
  return fileNameOf(experiment, /[^\p{L}\p{N}._-]/gu);
}

/** File systems take 255 bytes; a time, a number or `.log` is added to a name. */
const maxNameBytes = 200;

/** A name as part of a path. A digest tells names apart that would be the same without what is replaced or cut off. */
function fileNameOf(name: string, replaced: RegExp): string {
  const safe = name.replaceAll(replaced, '_').replace(/^\.+$/, '_');
  if (safe === name && Buffer.byteLength(safe) <= maxNameBytes) return safe;
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 8);
  const start = Buffer.from(safe)
    .subarray(0, maxNameBytes)
    .toString('utf8')
    .replace(/\uFFFD+$/u, '');
  return `${start}-${digest}`;
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

/** The log of a task, also of a run from the time when the names of files had no digest. */
export function recordedLogOf(runFolder: string, task: string): string {
  const log = logFileOf(runFolder, task);
  const earlier = join(runFolder, 'logs', `${task.replaceAll(replacedInTasks, '_')}.log`);
  return existsSync(log) || !existsSync(earlier) ? log : earlier;
}

const headingMark = '--- ';

/** Begins the log of an attempt, behind those of the attempts before it. Returns where what it prints begins. */
export function beginLog(path: string, heading: string): number {
  makeOwnFolder(dirname(path));
  appendFileSync(path, `${headingMark}${heading}\n`);
  return statSync(path).size;
}

/** The last lines of what was printed from a place in a log on. */
export function logTail(path: string, lines: number, begin: number): string[] {
  const { text, isWhole } = endOf(path, begin);
  const cut = isWhole ? -1 : text.indexOf('\n');
  return (
    text
      // The end of a line whose beginning was not read is of use only if there is nothing else.
      .slice(cut === text.length - 1 ? 0 : cut + 1)
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => (line.length > 2 * shownCharacters ? shortened(line) : line))
      .slice(-lines)
  );
}

/** What is read of a log, which may be of any size, to show its last lines. */
const tailBytes = 1 << 16;
/** Of a line without an end, such as the bytes of a file: at its beginning, and at its end. */
const shownCharacters = 1000;

function shortened(line: string): string {
  return `${line.slice(0, shownCharacters)} ... ${line.slice(-shownCharacters)}`;
}

function endOf(path: string, begin: number): { readonly text: string; readonly isWhole: boolean } {
  const descriptor = openSync(path, 'r');
  try {
    const from = Math.max(begin, fstatSync(descriptor).size - tailBytes);
    const buffer = Buffer.alloc(tailBytes);
    const count = readSync(descriptor, buffer, 0, tailBytes, from);
    return { text: buffer.toString('utf8', 0, count), isWhole: from === begin };
  } finally {
    closeSync(descriptor);
  }
}
