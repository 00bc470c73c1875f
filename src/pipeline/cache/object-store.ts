import { constants, copyFileSync, linkSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Digest } from '../../core/digest.ts';
import type { FileStat } from './file-tree.ts';
import { readDigest } from './tree-digest.ts';

/** Smaller files take one block of the disk, whatever they hold: linking them saves next to nothing. */
const smallestBytes = 4096;

/**
 * Files of results by the digest of their content, as hard links, so that what is the same in two results lies on the
 * disk once. Results are read-only, which makes sharing safe.
 */
export class ObjectStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Makes a file that is about to be stored share its content with earlier ones of the same digest. */
  async share(path: string, stat: FileStat, digest: Digest): Promise<void> {
    if (stat.bytes < smallestBytes) return;
    const object = join(this.#folder, digest.slice(0, 2), digest);
    if (tryLink(path, object)) return;
    if (await holds(object, digest, stat.bytes)) replaceByLink(object, path);
    else {
      // Somebody has written to the shared file: results that use it are damaged, ours shall not be.
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
