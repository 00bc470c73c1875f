import { existsSync, renameSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../../core/failure.ts';
import { makeFolder, removeTree, shareTreeLike, syncPath, syncTree } from '../../core/atomic-file.ts';
import type { Key, KeyDocument } from '../plan/key-document.ts';
import {
  entryFileName,
  foreignProblem,
  inspectEntry,
  keysInFolder,
  outputsFolderName,
  type Acceptance,
  type CacheEntry,
  type ExecutionFacts,
  type Inspection,
  type StoredOutput,
} from './cache-entry.ts';
import { linkTree, ObjectStore, ScratchFolder, storeOutput, sweepObjects, type OutputPlan } from './scratch-folder.ts';
import type { ResultSource } from './source.ts';

/** The answer to "is the result of this key here?" Something damaged counts as absent, and is replaced by the next execution. */
export type Lookup =
  | Inspection
  /** Not here, but in one of the sources: `adopt` brings it here. */
  | { readonly state: 'elsewhere'; readonly entry: CacheEntry };

/** Where a cache is. */
export interface CacheFolders {
  /** Entries by key. */
  readonly entries: string;
  /** Where tasks write; on the same file system, since a result is published by a rename. */
  readonly scratch: string;
}

type OutputPlans = Readonly<Record<string, OutputPlan>>;

/** Entries used within this time are not marked as used again. */
const useGrainMs = 3_600_000;

/**
 * Results by key: `<folder>/<key>/` with `entry.json` and `outputs/`. An entry appears by one rename of a folder that
 * is whole and on disk, so a reader sees all of it or nothing. Callers hold the key's lock while they publish.
 */
export class ResultCache {
  readonly folders: CacheFolders;
  /** Where results are looked for that are not here, in this order. */
  readonly sources: readonly ResultSource[];
  /** Contents that results share. */
  readonly objectsFolder: string;
  readonly #objects: ObjectStore;

  constructor(folders: CacheFolders, sources: readonly ResultSource[] = []) {
    this.folders = folders;
    this.sources = sources;
    this.objectsFolder = join(folders.entries, '.objects');
    this.#objects = new ObjectStore(this.objectsFolder);
  }

  /** Keys of everything that is there, whole or not. */
  keys(): Key[] {
    return keysInFolder(this.folders.entries);
  }

  entryFolder(key: Key): string {
    return join(this.folders.entries, key);
  }

  outputPath(entry: CacheEntry, output: StoredOutput): string {
    return join(this.folders.entries, entry.key, outputsFolderName, output.path);
  }

  /**
   * Looks a result up and compares its files by `stat` with what they were when they were stored. If that
   * differs (a result that was copied, or damaged) the files are read.
   */
  async find(key: Key): Promise<Lookup> {
    const here = await inspectEntry(this.entryFolder(key), key, 'stat');
    if (here.state === 'whole') markUsed(join(this.entryFolder(key), entryFileName));
    if (here.state !== 'absent') return here;
    for (const source of this.sources) {
      const entry = await source.lookUp(key);
      if (entry !== undefined) return { state: 'elsewhere', entry };
    }
    return here;
  }

  /** Reads every file of an entry and compares the digests. */
  verify(key: Key): Promise<Inspection> {
    return inspectEntry(this.entryFolder(key), key, 'read');
  }

  /** Copies a result from the first source that has it whole to here, after every byte of the copy was read and its key was computed again. */
  async adopt(key: Key, sources = this.sources): Promise<Inspection> {
    let last: Inspection = { state: 'absent' };
    const copy = join(this.folders.scratch, `${key}.copy.${process.pid}`);
    makeFolder(this.folders.scratch);
    for (const source of sources) {
      removeTree(copy);
      try {
        if (!(await source.fetch(key, copy))) continue;
        const problem = foreignProblem(copy, key);
        last = problem === undefined ? await inspectEntry(copy, key, 'read') : { state: 'damaged', problem };
        if (last.state !== 'whole') continue;
        syncTree(copy);
        this.#moveIn(copy, key);
        return last;
      } finally {
        removeTree(copy);
      }
    }
    return last;
  }

  /** Folder of everything an execution of this key writes. */
  scratchOf(key: Key): ScratchFolder {
    return new ScratchFolder(join(this.folders.scratch, key));
  }

  /**
   * Digests the outputs a task has left in its scratch folder and makes them the result of the key. Nothing is visible
   * before everything is on disk.
   */
  async publish(key: Key, outputs: OutputPlans, facts: ExecutionFacts): Promise<CacheEntry> {
    const scratch = this.scratchOf(key);
    try {
      const entry = entryOf(key, facts, await storeOutputs(scratch, outputs, this.#objects));
      this.#moveInWith(entry, scratch.entry);
      return entry;
    } catch (error) {
      // What is shared already would stay on a disk that may be full.
      removeTree(scratch.entry);
      this.sweepObjects();
      throw error;
    }
  }

  /** Removes contents that no result uses any more. */
  sweepObjects(): void {
    sweepObjects(this.objectsFolder);
  }

  /** Digests what a task has left as `publish` does, and stores nothing: to see whether it produces the same again. */
  async tryOut(key: Key, outputs: OutputPlans, facts: ExecutionFacts): Promise<CacheEntry> {
    return entryOf(key, facts, await storeOutputs(this.scratchOf(key), outputs, undefined));
  }

  /** Makes a stored result that of another key too: a user has declared that what differs does not matter. */
  accept(
    entry: CacheEntry,
    as: { readonly key: Key; readonly keyDocument: KeyDocument; readonly accepted: Acceptance },
  ): CacheEntry {
    const copy = join(this.folders.scratch, `${as.key}.accepted.${process.pid}`);
    removeTree(copy);
    linkTree(join(this.entryFolder(entry.key), outputsFolderName), join(copy, outputsFolderName));
    const accepted: CacheEntry = { ...entry, ...as };
    this.#moveInWith(accepted, copy);
    return accepted;
  }

  /** Removes an entry; a reader never sees half of one, since it leaves the cache by a rename. */
  drop(key: Key): void {
    const aside = this.#setAside(key);
    if (aside !== undefined) removeTree(aside);
  }

  /** Moves an entry out of the cache, and returns where to. */
  #setAside(key: Key): string | undefined {
    const folder = this.entryFolder(key);
    if (!existsSync(folder)) return undefined;
    makeFolder(this.folders.scratch);
    const aside = join(this.folders.scratch, `${key}.dropped.${process.pid}`);
    removeTree(aside);
    renameSync(folder, aside);
    return aside;
  }

  /** Makes a folder that has the outputs of an entry the entry. */
  #moveInWith(entry: CacheEntry, folder: string): void {
    writeFileSync(join(folder, entryFileName), `${JSON.stringify(entry, null, 1)}\n`);
    syncTree(folder);
    const aside = this.#setAside(entry.key);
    this.#moveIn(folder, entry.key);
    if (aside !== undefined) removeAtLeisure(aside);
  }

  #moveIn(folder: string, key: Key): void {
    makeFolder(this.folders.entries);
    shareTreeLike(this.folders.entries, folder);
    try {
      renameSync(folder, this.entryFolder(key));
    } catch (error) {
      // Another process has brought the same result here meanwhile.
      if (!isOccupied(error)) throw error;
    }
    syncPath(this.folders.entries);
  }
}

/** What of it stays, because another user owns it, is removed with old scratch folders. */
function removeAtLeisure(path: string): void {
  try {
    removeTree(path);
  } catch {
    // The result that took its place is there; the space is all that is lost.
  }
}

function entryOf(key: Key, facts: ExecutionFacts, outputs: CacheEntry['outputs']): CacheEntry {
  return { format: 'faceflow-cache-entry', version: 1, key, ...facts, outputs };
}

async function storeOutputs(
  scratch: ScratchFolder,
  plans: OutputPlans,
  objects: ObjectStore | undefined,
): Promise<CacheEntry['outputs']> {
  const stored: Record<string, StoredOutput> = {};
  for (const [port, plan] of Object.entries(plans)) stored[port] = await storeOutput({ scratch, objects }, port, plan);
  return stored;
}

function isOccupied(error: unknown): boolean {
  return ['ENOTEMPTY', 'EEXIST'].includes(errorCode(error) ?? '');
}

/** The time of an entry's description says when it was last used: what leaves the cache first is decided by it. */
function markUsed(path: string): void {
  const now = Date.now();
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined || now - stat.mtimeMs < useGrainMs) return;
  try {
    utimesSync(path, now / 1000, now / 1000);
  } catch {
    // The cache of another user, which may only be read.
  }
}
