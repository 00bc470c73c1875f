import {
  chmodSync,
  constants,
  copyFileSync,
  cpSync,
  existsSync,
  linkSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { makeOwnFolder, isForbidden, makeFolder, removeTree } from '../../core/atomic-file.ts';
import { errorCode, fail } from '../../core/failure.ts';
import type { Digest } from '../../core/digest.ts';
import { outputsFolderName, type StoredOutput } from './cache-entry.ts';
import { failures } from './failures.ts';
import {
  linksLeadingOut,
  listTree,
  makeLinksPortable,
  portableSignature,
  readDigest,
  treeDigest,
} from './file-tree.ts';

/** The step of the last checkpoint, beside the stage's own folder: told to people, not to the stage. */
export const checkpointFileName = 'checkpoint.json';

/** Where one execution writes: `work` is the stage's own (checkpoints), `entry` becomes the cache entry. */
export class ScratchFolder {
  readonly root: string;
  readonly work: string;
  readonly entry: string;
  readonly outputs: string;

  constructor(root: string) {
    this.root = root;
    this.work = join(root, 'work');
    this.entry = join(root, 'entry');
    this.outputs = join(this.entry, outputsFolderName);
  }

  /** Makes the folders ready for an attempt: outputs always start empty, `work` unless a checkpoint may be in it. */
  prepare(keepsWork: boolean): void {
    try {
      removeTree(this.entry);
      if (!keepsWork) removeTree(this.work);
    } catch (error) {
      if (!isForbidden(error)) throw error;
      // Of another user of the cache, who may remove it with old scratch folders.
      renameSync(this.root, `${this.root}.${process.pid}`);
    }
    makeFolder(this.work);
    makeFolder(this.outputs);
  }

  /** Removes what no further attempt could use: all of it, unless a checkpoint may be in `work`. */
  tidy(keepsWork: boolean): void {
    removeTree(keepsWork ? this.entry : this.root);
  }

  /**
   * Takes the folder away from a process that may still write in it (of a machine that has fallen silent): it
   * continues, if it does, in a folder of another name, and we in a copy.
   */
  takeOver(token: string): void {
    if (!existsSync(this.root)) return;
    const aside = `${this.root}.${token}`;
    renameSync(this.root, aside);
    cpSync(aside, this.root, { recursive: true, preserveTimestamps: true });
  }

  remove(): void {
    removeTree(this.root);
  }
}

/** An output as a task has to leave it: where, and of which kind. */
export interface OutputPlan {
  readonly kind: string;
  readonly path: string;
}

interface Storage {
  readonly scratch: ScratchFolder;
  readonly objects: ObjectStore | undefined;
}

/** Checks and digests what a task has left, makes it read-only and shares its content with what is stored already. */
export async function storeOutput(storage: Storage, port: string, plan: OutputPlan): Promise<StoredOutput> {
  try {
    return await storeReadable(storage, port, plan);
  } catch (error) {
    const { code, path = '' } = error as NodeJS.ErrnoException;
    const place = relative(storage.scratch.outputs, path);
    if (code !== 'EACCES' || place.startsWith('..')) throw error;
    return fail(failures.unreadableOutput({ port, path: place }), error);
  }
}

async function storeReadable({ scratch, objects }: Storage, port: string, plan: OutputPlan): Promise<StoredOutput> {
  const path = join(scratch.outputs, plan.path);
  if (!existsSync(path)) fail(failures.outputMissing({ port, path: plan.path }));
  const [link] = linksLeadingOut(path, scratch.outputs);
  if (link !== undefined) fail(failures.outputLeadsOutside({ port, link }));
  makeLinksPortable(path, scratch.outputs);
  const tree = listTree(path);
  const temporary = join(scratch.root, 'copied');
  const digest = await treeDigest(tree, async (file, stat) => {
    const executable = makeOwn(file, temporary);
    const fileDigest = await readDigest(file, stat);
    // Guards results against accidental changes: they are reached through links from every run folder.
    chmodSync(file, 0o444 | executable);
    await objects?.share(file, { bytes: stat.bytes, digest: fileDigest, isExecutable: executable !== 0 }, temporary);
    return fileDigest;
  });
  // A shared file has the times of the one it is shared with.
  const signature = portableSignature(listTree(path));
  return { kind: plan.kind, path: plan.path, digest, bytes: tree.bytes, signature };
}

/**
 * Replaces a file that has other names by a copy: one of them may be a file of the user, who may write to it and must
 * not find it read-only. Returns the bits of its mode that make it executable.
 */
function makeOwn(file: string, temporary: string): number {
  const { nlink, mode } = statSync(file);
  if (nlink > 1) {
    copyFileSync(file, temporary, constants.COPYFILE_FICLONE);
    renameSync(temporary, realpathSync(file));
  }
  return mode & 0o111;
}

/** Smaller files take one block of the disk, whatever they contain: linking them saves next to nothing. */
export const minSharedBytes = 4096;

/** What a file to be shared holds. */
export interface SharedFile {
  readonly bytes: number;
  readonly digest: Digest;
  readonly isExecutable: boolean;
}

/**
 * Files of results by the digest of their content, as hard links, so that what is the same in two results is on the
 * disk once. Results are read-only, which makes sharing safe.
 */
export class ObjectStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Makes a file that is about to be stored share its content with earlier ones of the same digest and mode.
   * @param temporary a name on the same file system that is free, and no part of a result
   */
  async share(path: string, { bytes, digest, isExecutable }: SharedFile, temporary: string): Promise<void> {
    if (bytes < minSharedBytes) return;
    const object = join(this.#folder, digest.slice(0, 2), isExecutable ? `${digest}.x` : digest);
    if (tryLink(path, object)) return;
    if (await holds(object, digest, bytes)) replaceByLink(object, path, temporary);
    else {
      // Another program has written to the shared file: results that use it are damaged, this one must not be.
      rmSync(object, { force: true });
      tryLink(path, object);
    }
  }
}

/** Removes contents that no result uses any more. */
export function sweepObjects(folder: string): void {
  if (!existsSync(folder)) return;
  for (const part of readdirSync(folder)) {
    for (const name of readdirSync(join(folder, part))) {
      const path = join(folder, part, name);
      if ((statSync(path, { throwIfNoEntry: false })?.nlink ?? 0) !== 1) continue;
      try {
        rmSync(path, { force: true });
      } catch (error) {
        // Of another user, whose own collection removes it.
        if (!isForbidden(error)) throw error;
      }
    }
  }
}

/** False where the object is there already, or where the file system knows no (more) links. */
function tryLink(path: string, object: string): boolean {
  try {
    linkSync(path, object);
    return true;
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT') {
      makeFolder(dirname(object));
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
function replaceByLink(object: string, path: string, temporary: string): void {
  // Renaming one of two names of a file to the other does nothing, and leaves both.
  if (statSync(object).ino === statSync(path).ino) return;
  // Too many links to one file (ext4: 65,000), or none at all on this file system: a copy of its own will do.
  if (
    succeeds(() => {
      linkSync(object, temporary);
    }) ||
    clones(object, temporary)
  )
    renameSync(temporary, realpathSync(path));
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
  makeOwnFolder(to);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const source = join(from, entry.name);
    const target = join(to, entry.name);
    if (entry.isDirectory()) linkTree(source, target);
    else if (entry.isSymbolicLink()) symlinkSync(readlinkSync(source), target);
    else linkFile(source, target);
  }
}

function linkFile(source: string, target: string): void {
  makeOwnFolder(dirname(target));
  try {
    linkSync(source, target);
  } catch {
    copyFileSync(source, target);
  }
}
