import { chmodSync, cpSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../../core/failure.ts';
import { outputsFolderName, type StoredOutput } from './cache-entry.ts';
import { failures } from './failures.ts';
import { linksLeadingOut, listTree, portableSignature } from './file-tree.ts';
import type { ObjectStore } from './object-store.ts';
import { readDigest, treeDigest } from './tree-digest.ts';

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
