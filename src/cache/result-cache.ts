import { chmodSync, mkdirSync, renameSync, rmSync, statSync, utimesSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { syncFolder, writeFileAtomic } from '../base/atomic-file.ts';
import { fail } from '../base/failure.ts';
import {
  entryFileName,
  outputsFolderName,
  readEntry,
  type CacheEntry,
  type ExecutionFacts,
  type StoredOutput,
} from './cache-entry.ts';
import { linksLeadingOut, listTree, portableSignature, type FileTree } from './file-tree.ts';
import { makeDurable } from './make-durable.ts';
import { treeDigest } from './tree-digest.ts';

/** The answer to "is the result of this key here?" */
export type Lookup =
  | { readonly state: 'whole'; readonly entry: CacheEntry }
  | { readonly state: 'absent' }
  /** Something is there, but it is not what was stored. It counts as absent, and is replaced by the next execution. */
  | { readonly state: 'damaged'; readonly problem: string };

/** An output as a task is to leave it: where, and of which kind. */
export interface OutputPlan {
  readonly kind: string;
  readonly path: string;
}

/** Entries used within this time are not marked as used again. */
const useGrainMs = 3_600_000;

/**
 * Results by key: `<folder>/<key>/` with `entry.json` and `outputs/`. An entry appears by one rename of a folder that
 * is whole and on disk, so a reader sees all of it or nothing. Callers hold the key's lock while they publish.
 */
export class ResultCache {
  readonly folder: string;
  /** Where tasks write; on the same file system as `folder`, since a result is published by a rename. */
  readonly scratchFolder: string;

  constructor(folder: string, scratchFolder: string) {
    this.folder = folder;
    this.scratchFolder = scratchFolder;
  }

  entryFolder(key: string): string {
    return join(this.folder, key);
  }

  outputPath(entry: CacheEntry, output: StoredOutput): string {
    return join(this.folder, entry.key, outputsFolderName, output.path);
  }

  /**
   * Looks a result up and compares what `stat` says of its files with what it said when they were stored. Where that
   * differs (a result that was copied, or damaged) the files are read.
   */
  async find(key: string): Promise<Lookup> {
    const folder = this.entryFolder(key);
    const entry = readEntry(folder, key);
    if (entry === undefined)
      return exists(folder) ? damaged(`${entryFileName} is missing or cut off`) : { state: 'absent' };
    for (const [port, output] of Object.entries(entry.outputs)) {
      const tree = tryListTree(this.outputPath(entry, output));
      if (tree === undefined) return damaged(`output ${port} is missing`);
      if (portableSignature(tree) !== output.signature) return this.verify(key);
    }
    markUsed(join(folder, entryFileName));
    return { state: 'whole', entry };
  }

  /** Reads every file of an entry and compares the digests. */
  async verify(key: string): Promise<Lookup> {
    const folder = this.entryFolder(key);
    const entry = readEntry(folder, key);
    if (entry === undefined)
      return exists(folder) ? damaged(`${entryFileName} is missing or cut off`) : { state: 'absent' };
    const outputs: Record<string, StoredOutput> = {};
    for (const [port, output] of Object.entries(entry.outputs)) {
      const tree = tryListTree(this.outputPath(entry, output));
      if (tree === undefined) return damaged(`output ${port} is missing`);
      const digest = await treeDigest(tree);
      if (digest !== output.digest) return damaged(`output ${port} is not what was stored: ${differs(tree, output)}`);
      outputs[port] = { ...output, signature: portableSignature(tree) };
    }
    const renewed: CacheEntry = { ...entry, outputs };
    if (JSON.stringify(renewed) !== JSON.stringify(entry)) this.#tryToRenew(folder, renewed);
    return { state: 'whole', entry: renewed };
  }

  /** Folder of everything an execution of this key writes. */
  scratchOf(key: string): ScratchFolder {
    return new ScratchFolder(join(this.scratchFolder, key));
  }

  /**
   * Digests the outputs a task has left in its scratch folder and makes them the result of the key. Nothing is visible
   * before everything is on disk.
   */
  async publish(
    key: string,
    outputs: Readonly<Record<string, OutputPlan>>,
    facts: ExecutionFacts,
  ): Promise<CacheEntry> {
    const scratch = this.scratchOf(key);
    const stored: Record<string, StoredOutput> = {};
    for (const [port, plan] of Object.entries(outputs)) stored[port] = await storeOutput(scratch, port, plan);
    const entry: CacheEntry = { format: 'faceflow-cache-entry', version: 1, key, ...facts, outputs: stored };
    writeFileAtomic(join(scratch.entry, entryFileName), `${JSON.stringify(entry, null, 1)}\n`);
    makeDurable(scratch.entry);
    mkdirSync(this.folder, { recursive: true });
    this.drop(key);
    renameSync(scratch.entry, this.entryFolder(key));
    syncFolder(this.folder);
    return entry;
  }

  /** Removes an entry; a reader never sees half of one, since it leaves the cache by a rename. */
  drop(key: string): void {
    const folder = this.entryFolder(key);
    if (!exists(folder)) return;
    mkdirSync(this.scratchFolder, { recursive: true });
    const aside = join(this.scratchFolder, `${key}.dropped`);
    rmSync(aside, { recursive: true, force: true });
    renameSync(folder, aside);
    rmSync(aside, { recursive: true, force: true });
  }

  /** A cache that may only be read is as good as any: its signatures are compared by reading each time. */
  #tryToRenew(folder: string, entry: CacheEntry): void {
    try {
      writeFileAtomic(join(folder, entryFileName), `${JSON.stringify(entry, null, 1)}\n`);
    } catch {
      return;
    }
  }
}

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
    rmSync(keepsWork ? this.entry : this.root, { recursive: true, force: true });
    mkdirSync(this.work, { recursive: true });
    mkdirSync(this.outputs, { recursive: true });
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

async function storeOutput(scratch: ScratchFolder, port: string, plan: OutputPlan): Promise<StoredOutput> {
  const path = join(scratch.outputs, plan.path);
  if (!exists(path)) {
    fail({
      code: 'output-missing',
      message: `the stage ended without writing its output ${port} (${plan.path})`,
      hint: 'a stage creates every output its stage.json declares',
    });
  }
  const [link] = linksLeadingOut(path, scratch.outputs);
  if (link !== undefined) {
    fail({
      code: 'output-leads-outside',
      message: `output ${port} holds a symbolic link that leads out of the outputs: ${link}`,
      hint: 'write a copy: a result must be whole by itself',
    });
  }
  const tree = listTree(path);
  const digest = await treeDigest(tree);
  makeReadOnly(tree);
  return { kind: plan.kind, path: plan.path, digest, bytes: tree.bytes, signature: portableSignature(tree) };
}

/** Guards results against a slip of the hand: they are reached through links from every run folder. */
function makeReadOnly(tree: FileTree): void {
  for (const file of tree.files) chmodSync(join(tree.root, file.path), 0o444);
}

function differs(tree: FileTree, output: StoredOutput): string {
  return tree.bytes === output.bytes
    ? 'its content differs'
    : `expected ${output.bytes} bytes, found ${tree.bytes} bytes`;
}

function damaged(problem: string): Lookup {
  return { state: 'damaged', problem };
}

function tryListTree(path: string): FileTree | undefined {
  try {
    return listTree(path);
  } catch {
    return undefined;
  }
}

function exists(path: string): boolean {
  return statIfThere(path) !== undefined;
}

function statIfThere(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

/** The time of an entry's description says when it was last used: what leaves the cache first is decided by it. */
function markUsed(path: string): void {
  const now = Date.now();
  const stat = statIfThere(path);
  if (stat === undefined || now - stat.mtimeMs < useGrainMs) return;
  try {
    utimesSync(path, now / 1000, now / 1000);
  } catch {
    // Somebody else's cache that we may only read.
  }
}
