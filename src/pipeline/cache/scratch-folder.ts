import {
  chmodSync,
  constants,
  copyFileSync,
  cpSync,
  existsSync,
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
import { errorCode, fail } from '../../core/failure.ts';
import type { Digest } from '../../core/digest.ts';
import { outputsFolderName, type StoredOutput } from './cache-entry.ts';
import { failures } from './failures.ts';
import { linksLeadingOut, listTree, portableSignature, readDigest, treeDigest, type FileStat } from './file-tree.ts';

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
    rmSync(this.entry, { recursive: true, force: true });
    if (!keepsWork) rmSync(this.work, { recursive: true, force: true });
    mkdirSync(this.work, { recursive: true });
    mkdirSync(this.outputs, { recursive: true });
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
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** An output as a task has to leave it: where, and of which kind. */
export interface OutputPlan {
  readonly kind: string;
  readonly path: string;
}

/** Checks and digests what a task has left, makes it read-only and shares its content with what is stored already. */
export async function storeOutput(
  { scratch, objects }: { readonly scratch: ScratchFolder; readonly objects: ObjectStore | undefined },
  port: string,
  plan: OutputPlan,
): Promise<StoredOutput> {
  const path = join(scratch.outputs, plan.path);
  if (!existsSync(path)) fail(failures.outputMissing({ port, path: plan.path }));
  const [link] = linksLeadingOut(path, scratch.outputs);
  if (link !== undefined) fail(failures.outputLeadsOutside({ port, link }));
  const tree = listTree(path);
  const digest = await treeDigest(tree, async (file, stat) => {
    const fileDigest = await readDigest(file, stat);
    // Guards results against accidental changes: they are reached through links from every run folder.
    chmodSync(file, 0o444);
    await objects?.share(file, stat, fileDigest);
    return fileDigest;
  });
  // A shared file has the times of the one it is shared with.
  const signature = portableSignature(listTree(path));
  return { kind: plan.kind, path: plan.path, digest, bytes: tree.bytes, signature };
}

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
    const code = errorCode(error);
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
