import { chmodSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../../core/failure.ts';
import type { StoredOutput } from './cache-entry.ts';
import { linksLeadingOut, listTree, portableSignature } from './file-tree.ts';
import type { ObjectStore } from './object-store.ts';
import type { ScratchFolder } from './scratch-folder.ts';
import { readDigest, treeDigest } from './tree-digest.ts';

/** An output as a task is to leave it: where, and of which kind. */
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
  checkOutput(path, { scratch, port, plan });
  const tree = listTree(path);
  const digest = await treeDigest(tree, async (file, stat) => {
    const fileDigest = await readDigest(file, stat);
    // Guards results against a slip of the hand: they are reached through links from every run folder.
    chmodSync(file, 0o444);
    await objects?.share(file, stat, fileDigest);
    return fileDigest;
  });
  // A shared file has the times of the one it is shared with.
  const signature = portableSignature(listTree(path));
  return { kind: plan.kind, path: plan.path, digest, bytes: tree.bytes, signature };
}

interface Checked {
  readonly scratch: ScratchFolder;
  readonly port: string;
  readonly plan: OutputPlan;
}

function checkOutput(path: string, { scratch, port, plan }: Checked): void {
  if (!existsSync(path)) {
    fail({
      code: 'output-missing',
      message: `the stage ended without writing its output ${port} (${plan.path})`,
      hint: 'a stage creates every output its stage.json declares',
    });
  }
  const [link] = linksLeadingOut(path, scratch.outputs);
  if (link === undefined) return;
  fail({
    code: 'output-leads-outside',
    message: `output ${port} holds a symbolic link that leads out of the outputs: ${link}`,
    hint: 'write a copy: a result must be whole by itself',
  });
}
