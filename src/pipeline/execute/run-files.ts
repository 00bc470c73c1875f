import { appendFileSync, closeSync, fstatSync, mkdirSync, openSync, readSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';

/** A task id as a file name: `verify[set=lfw]` stays readable, what could confuse a file system does not. */
export function taskFileName(task: string): string {
  return fileNameOf(task, /[^\p{L}\p{N}._=,@[\]-]/gu);
}

/** The name of an experiment as a file name. */
export function experimentFileName(experiment: string): string {
  return fileNameOf(experiment, /[^\p{L}\p{N}._-]/gu);
}

/** File systems take 255 bytes; a time, a number or `.log` is added to a name. */
const maxNameBytes = 200;

/** A name as part of a path; two long names never become the same by what is cut off. */
function fileNameOf(name: string, replaced: RegExp): string {
  const safe = name.replaceAll(replaced, '_');
  const isCut = Buffer.byteLength(safe) > maxNameBytes;
  if (!isCut) return safe;
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

const headingMark = '--- ';

/** Begins the log of an attempt, behind those of the attempts before it. */
export function beginLog(path: string, heading: string): void {
  mkdirSync(dirname(path), { recursive: true });
  appendFileSync(path, `${headingMark}${heading}\n`);
}

/** The last lines of what the last attempt printed. */
export function logTail(path: string, lines: number): string[] {
  const { text, isWhole } = endOf(path);
  const heading = text.lastIndexOf(`\n${headingMark}attempt `);
  const printed = heading < 0 ? text.slice(isWhole ? 0 : text.indexOf('\n') + 1) : text.slice(heading + 1);
  return printed
    .split('\n')
    .slice(heading < 0 ? 0 : 1)
    .filter((line) => line.trim() !== '')
    .map((line) => (line.length > maxShownCharacters ? `${line.slice(0, maxShownCharacters)} ...` : line))
    .slice(-lines);
}

/** What is read of a log, which may be of any size, to show its last lines. */
const tailBytes = 1 << 16;
/** Of a line without an end, such as the bytes of a file. */
const maxShownCharacters = 2000;

function endOf(path: string): { readonly text: string; readonly isWhole: boolean } {
  const descriptor = openSync(path, 'r');
  try {
    const from = Math.max(0, fstatSync(descriptor).size - tailBytes);
    const buffer = Buffer.alloc(tailBytes);
    const count = readSync(descriptor, buffer, 0, tailBytes, from);
    return { text: `${from === 0 ? '\n' : ''}${buffer.toString('utf8', 0, count)}`, isWhole: from === 0 };
  } finally {
    closeSync(descriptor);
  }
}
