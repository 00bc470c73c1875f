import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { syncFolder, writeFileAtomic } from '../../core/atomic-file.ts';
import type { Json } from '../../core/digest.ts';
import {
  entryFileName,
  outputsFolderName,
  readEntry,
  type Acceptance,
  type CacheEntry,
  type ExecutionFacts,
  type StoredOutput,
} from './cache-entry.ts';
import { listTree, portableSignature, type FileTree } from './file-tree.ts';
import { linkTree } from './link-tree.ts';
import { makeDurable } from './make-durable.ts';
import { ObjectStore } from './object-store.ts';
import { ScratchFolder } from './scratch-folder.ts';
import { storeOutput, type OutputPlan } from './store-output.ts';
import { treeDigest } from './tree-digest.ts';

/** The answer to "is the result of this key here?" */
export type Lookup =
  | { readonly state: 'whole'; readonly entry: CacheEntry }
  /** Not here, but in the second cache, which is only read: `adopt` brings it here. */
  | { readonly state: 'elsewhere'; readonly entry: CacheEntry }
  | { readonly state: 'absent' }
  /** Something is there, but it is not what was stored. It counts as absent, and is replaced by the next execution. */
  | { readonly state: 'damaged'; readonly problem: string };

/** Where a cache lies. */
export interface CacheFolders {
  /** Entries by key. */
  readonly entries: string;
  /** Where tasks write; on the same file system, since a result is published by a rename. */
  readonly scratch: string;
  /** Entries of another cache that may be read, say on a network drive. */
  readonly second?: string | undefined;
}

/** Entries used within this time are not marked as used again. */
const useGrainMs = 3_600_000;

const keyPattern = /^[0-9a-f]{64}$/;

/**
 * Results by key: `<folder>/<key>/` with `entry.json` and `outputs/`. An entry appears by one rename of a folder that
 * is whole and on disk, so a reader sees all of it or nothing. Callers hold the key's lock while they publish.
 */
export class ResultCache {
  readonly folders: CacheFolders;
  /** Contents that results share. */
  readonly objectsFolder: string;
  readonly #objects: ObjectStore;

  constructor(folders: CacheFolders) {
    this.folders = folders;
    this.objectsFolder = join(folders.entries, '.objects');
    this.#objects = new ObjectStore(this.objectsFolder);
  }

  /** Keys of everything that is there, whole or not. */
  keys(): string[] {
    if (!existsSync(this.folders.entries)) return [];
    return readdirSync(this.folders.entries)
      .filter((name) => keyPattern.test(name))
      .sort();
  }

  entryFolder(key: string): string {
    return join(this.folders.entries, key);
  }

  outputPath(entry: CacheEntry, output: StoredOutput): string {
    return join(this.folders.entries, entry.key, outputsFolderName, output.path);
  }

  /**
   * Looks a result up and compares what `stat` says of its files with what it said when they were stored. Where that
   * differs (a result that was copied, or damaged) the files are read.
   */
  async find(key: string): Promise<Lookup> {
    const here = await inspect(this.entryFolder(key), key, 'stat');
    if (here.state === 'whole') markUsed(join(this.entryFolder(key), entryFileName));
    if (here.state !== 'absent' || this.folders.second === undefined) return here;
    const there = await inspect(join(this.folders.second, key), key, 'stat');
    return there.state === 'whole' ? { state: 'elsewhere', entry: there.entry } : here;
  }

  /** Reads every file of an entry and compares the digests. */
  verify(key: string): Promise<Lookup> {
    return inspect(this.entryFolder(key), key, 'read');
  }

  /** Copies a result of the second cache, or of any folder of entries, to here, and reads every byte of the copy. */
  async adopt(key: string, from = this.folders.second): Promise<Lookup> {
    if (from === undefined) return { state: 'absent' };
    const copy = join(this.folders.scratch, `${key}.copy.${process.pid}`);
    rmSync(copy, { recursive: true, force: true });
    try {
      mkdirSync(this.folders.scratch, { recursive: true });
      cpSync(join(from, key), copy, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
      const lookup = await inspect(copy, key, 'read');
      if (lookup.state !== 'whole') return lookup;
      makeDurable(copy);
      this.#moveIn(copy, key);
      return lookup;
    } finally {
      rmSync(copy, { recursive: true, force: true });
    }
  }

  /** Folder of everything an execution of this key writes. */
  scratchOf(key: string): ScratchFolder {
    return new ScratchFolder(join(this.folders.scratch, key));
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
    for (const [port, plan] of Object.entries(outputs)) {
      stored[port] = await storeOutput({ scratch, objects: this.#objects }, port, plan);
    }
    const entry: CacheEntry = { format: 'faceflow-cache-entry', version: 1, key, ...facts, outputs: stored };
    writeFileSync(join(scratch.entry, entryFileName), `${JSON.stringify(entry, null, 1)}\n`);
    makeDurable(scratch.entry);
    this.drop(key);
    this.#moveIn(scratch.entry, key);
    return entry;
  }

  /** Digests what a task has left as `publish` does, and stores nothing: to see whether it gives the same again. */
  async tryOut(key: string, outputs: Readonly<Record<string, OutputPlan>>, facts: ExecutionFacts): Promise<CacheEntry> {
    const stored: Record<string, StoredOutput> = {};
    for (const [port, plan] of Object.entries(outputs)) {
      stored[port] = await storeOutput({ scratch: this.scratchOf(key), objects: undefined }, port, plan);
    }
    return { format: 'faceflow-cache-entry', version: 1, key, ...facts, outputs: stored };
  }

  /** Makes a stored result that of another key too: somebody has said that what differs does not matter. */
  accept(entry: CacheEntry, key: string, keyDocument: Json, acceptance: Acceptance): CacheEntry {
    const copy = join(this.folders.scratch, `${key}.accepted.${process.pid}`);
    rmSync(copy, { recursive: true, force: true });
    linkTree(join(this.entryFolder(entry.key), outputsFolderName), join(copy, outputsFolderName));
    const accepted: CacheEntry = { ...entry, key, keyDocument, accepted: acceptance };
    writeFileSync(join(copy, entryFileName), `${JSON.stringify(accepted, null, 1)}\n`);
    makeDurable(copy);
    this.drop(key);
    this.#moveIn(copy, key);
    return accepted;
  }

  /** Removes an entry; a reader never sees half of one, since it leaves the cache by a rename. */
  drop(key: string): void {
    const folder = this.entryFolder(key);
    if (!existsSync(folder)) return;
    mkdirSync(this.folders.scratch, { recursive: true });
    const aside = join(this.folders.scratch, `${key}.dropped.${process.pid}`);
    rmSync(aside, { recursive: true, force: true });
    renameSync(folder, aside);
    rmSync(aside, { recursive: true, force: true });
  }

  #moveIn(folder: string, key: string): void {
    mkdirSync(this.folders.entries, { recursive: true });
    try {
      renameSync(folder, this.entryFolder(key));
    } catch (error) {
      // Another process has brought the same result here meanwhile.
      if (!isOccupied(error)) throw error;
    }
    syncFolder(this.folders.entries);
  }
}

/** Looks at an entry: with `stat` alone where that tells that nothing was touched, or by reading all of it. */
async function inspect(folder: string, key: string, how: 'stat' | 'read'): Promise<Lookup> {
  const entry = readEntry(folder, key);
  if (entry === undefined) {
    return existsSync(folder) ? damaged(`${entryFileName} is missing or cut off`) : { state: 'absent' };
  }
  const outputs: Record<string, StoredOutput> = {};
  for (const [port, output] of Object.entries(entry.outputs)) {
    const tree = tryListTree(join(folder, outputsFolderName, output.path));
    if (tree === undefined) return damaged(`output ${port} is missing`);
    const signature = portableSignature(tree);
    const isTouched = signature !== output.signature;
    if ((how === 'read' || isTouched) && (await treeDigest(tree)) !== output.digest) {
      return damaged(`output ${port} is not what was stored: ${differs(tree, output)}`);
    }
    outputs[port] = isTouched ? { ...output, signature } : output;
  }
  return { state: 'whole', entry: renewed(folder, entry, outputs) };
}

/** The entry with the signatures its files have now, so that they need not be read the next time. */
function renewed(folder: string, entry: CacheEntry, outputs: Readonly<Record<string, StoredOutput>>): CacheEntry {
  if (Object.entries(outputs).every(([port, output]) => output === entry.outputs[port])) return entry;
  const changed: CacheEntry = { ...entry, outputs };
  try {
    writeFileAtomic(join(folder, entryFileName), `${JSON.stringify(changed, null, 1)}\n`);
  } catch {
    // A cache that may only be read is read anew each time.
  }
  return changed;
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

function isOccupied(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOTEMPTY' || error.code === 'EEXIST');
}

/** The time of an entry's description says when it was last used: what leaves the cache first is decided by it. */
function markUsed(path: string): void {
  const now = Date.now();
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined || now - stat.mtimeMs < useGrainMs) return;
  try {
    utimesSync(path, now / 1000, now / 1000);
  } catch {
    // Somebody else's cache that we may only read.
  }
}
