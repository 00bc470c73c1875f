import {
  constants,
  copyFileSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Digest } from '../../core/digest.ts';
import type { FileStat } from './file-tree.ts';
import { readDigest } from './tree-digest.ts';

/** Smaller files take one block of the disk, whatever they contain: linking them saves next to nothing. */
export const minSharedBytes = 4096;

/**
 * Files of results by the digest of their content, as hard links, so that what is the same in two results is on the
 * disk once. Results are read-only, which makes sharing safe.
 */
export class ObjectStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Makes a file that is about to be stored share its content with earlier ones of the same digest. */
  async share(path: string, stat: FileStat, digest: Digest): Promise<void> {
    if (stat.bytes < minSharedBytes) return;
    const object = join(this.#folder, digest.slice(0, 2), digest);
    if (tryLink(path, object)) return;
    if (await holds(object, digest, stat.bytes)) replaceByLink(object, path);
    else {
      // Another program has written to the shared file: results that use it are damaged, this one must not be.
      rmSync(object, { force: true });
      tryLink(path, object);
    }
  }
}

/** False where the object is there already, or where the file system knows no (more) links. */
function tryLink(path: string, object: string): boolean {
  try {
    linkSync(path, object);
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT') {
      mkdirSync(join(object, '..'), { recursive: true });
      return tryLink(path, object);
    }
    return code !== 'EEXIST';
  }
}

async function holds(object: string, digest: Digest, bytes: number): Promise<boolean> {
  const stat = statSync(object, { throwIfNoEntry: false });
  if (stat?.size !== bytes) return false;
  const asFile = { path: '', bytes, modifiedMs: 0, changedMs: 0, device: stat.dev, inode: stat.ino };
  return (await readDigest(object, asFile)) === digest;
}

/** Puts a link to an object in the place of a file of the same content; a clone of its blocks where no link can be made. */
function replaceByLink(object: string, path: string): void {
  const temporary = `${path}.${process.pid}.link`;
  // Too many links to one file (ext4: 65,000), or none at all on this file system: a copy of its own will do.
  if (
    succeeds(() => {
      linkSync(object, temporary);
    }) ||
    clones(object, temporary)
  )
    renameSync(temporary, path);
}

/** A copy that shares its blocks with the original, where the file system knows such. */
function clones(original: string, copy: string): boolean {
  return succeeds(() => {
    copyFileSync(original, copy, constants.COPYFILE_FICLONE_FORCE);
  });
}

function succeeds(act: () => void): boolean {
  try {
    act();
    return true;
  } catch {
    return false;
  }
}

/** Makes a second name for everything below a folder: files are shared if the file system can, and copied otherwise. */
export function linkTree(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const source = join(from, entry.name);
    const target = join(to, entry.name);
    if (entry.isDirectory()) linkTree(source, target);
    else if (entry.isSymbolicLink()) symlinkSync(readlinkSync(source), target);
    else linkFile(source, target);
  }
}

function linkFile(source: string, target: string): void {
  mkdirSync(dirname(target), { recursive: true });
  try {
    linkSync(source, target);
  } catch {
    copyFileSync(source, target);
  }
}
