import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import type * as ChildProcess from 'node:child_process';
import { dirname, join } from 'node:path';
import { errorCode } from './failure.ts';
import { threadId } from 'node:worker_threads';

/**
 * Writes a file so that a reader, or a machine that lost power, sees the old content or the new, never a part:
 * temporary file beside it, fsync, rename, fsync of the folder. Nothing is left behind if it fails. A device or a pipe
 * (`/dev/stdout`) is written into: a file that took its place would be the end of it.
 */
export function writeFileAtomic(path: string, content: string | Uint8Array | Iterable<Uint8Array>): void {
  if (isStream(path)) {
    writeInto(path, piecesOf(content));
    return;
  }
  // Threads of one process write at the same time; within a thread nothing comes between the first line and the last.
  const temporary = `${path}.${process.pid}-${threadId}.tmp`;
  try {
    writeInto(temporary, piecesOf(content), fsyncSync);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncPath(dirname(path));
}

function piecesOf(content: string | Uint8Array | Iterable<Uint8Array>): Iterable<Uint8Array> {
  if (typeof content === 'string') return [Buffer.from(content)];
  return content instanceof Uint8Array ? [content] : content;
}

/** Whether what is there takes what is written and keeps nothing of it. */
function isStream(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && !stat.isFile() && !stat.isDirectory();
}

/** `whenWritten` is given the open file. */
function writeInto(path: string, pieces: Iterable<Uint8Array>, whenWritten?: (descriptor: number) => void): void {
  const descriptor = openSync(path, 'w');
  try {
    for (const bytes of pieces) {
      for (let written = 0; written < bytes.length;) written += writeSync(descriptor, bytes, written);
    }
    whenWritten?.(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Creates a folder, and those above it that are missing, for all who may write to the folder above: a cache that several
 * users share.
 */
export function makeFolder(path: string): void {
  makeLevels(path, (made) => {
    shareLike(dirname(made), made);
  });
}

/** The same with the rights that the user's umask leaves: what a command writes where its user says. */
export function makeOwnFolder(path: string): void {
  makeLevels(path, () => undefined);
}

/** One level at a time: the recursive way of Node never returns if nothing can be made, as below /proc. */
function makeLevels(path: string, whenMade: (made: string) => void): void {
  if (isFolder(path)) return;
  makeLevels(dirname(path), whenMade);
  try {
    mkdirSync(path);
  } catch (error) {
    // Another process has made it meanwhile.
    if (isFolder(path)) return;
    throw error;
  }
  whenMade(path);
}

function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}

/** Lets all write to a file or folder that we have made who may write to another folder. */
export function shareLike(folder: string, path: string): void {
  const more = statSync(folder).mode & 0o022;
  if (more !== 0) chmodSync(path, (statSync(path).mode & 0o7777) | more);
}

/** The same for a folder and all folders in it. */
export function shareTreeLike(folder: string, tree: string): void {
  if ((statSync(folder).mode & 0o022) === 0) return;
  shareLike(folder, tree);
  for (const entry of readdirSync(tree, { withFileTypes: true })) {
    if (entry.isDirectory()) shareTreeLike(folder, join(tree, entry.name));
  }
}

/** Removes whatever is at a path, if there is anything: folders too in which their owner may not write. */
export function removeTree(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch (error) {
    if (!isForbidden(error)) throw error;
    openFolders(path);
    rmSync(path, { recursive: true, force: true });
  }
}

/** Whether the system has refused something because we have no right to it. */
export function isForbidden(error: unknown): boolean {
  return ['EACCES', 'EPERM'].includes(errorCode(error) ?? '');
}

function openFolders(folder: string): void {
  chmodSync(folder, 0o700);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) openFolders(join(folder, entry.name));
  }
}

/** Makes the content of a file durable, or the names in a folder (a rename survives a power cut only after this). */
export function syncPath(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Above this many files one `sync -f` (all of the file system) is quicker than an fsync each: 17 against 210 ms for 1,000. */
const manyFiles = 100;

/** Makes a folder and everything in it survive a power cut. */
export function syncTree(folder: string): void {
  const paths = [...filesAndFolders(folder)];
  if (paths.length > manyFiles && syncFileSystem(folder)) return;
  for (const path of paths) syncPath(path);
}

/** Everything below a folder, what is in a folder before the folder itself. */
function* filesAndFolders(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesAndFolders(path);
    else if (entry.isFile()) yield path;
  }
  yield folder;
}

/** `sync -f` of GNU coreutils; false if the program is missing. */
function syncFileSystem(folder: string): boolean {
  // Loaded when needed: a run that finds everything in the cache syncs nothing.
  const { spawnSync } = createRequire(import.meta.url)('node:child_process') as typeof ChildProcess;
  return spawnSync('sync', ['-f', folder], { stdio: 'ignore' }).status === 0;
}
