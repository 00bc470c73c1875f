import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Digest } from '../core/digest.ts';
import { readEntry } from '../pipeline/cache/cache-entry.ts';
import { ResultCache } from '../pipeline/cache/result-cache.ts';
import { folderSource } from '../pipeline/cache/sources/folder.ts';
import { StatCache, statCachePath, type ContentDigester } from '../pipeline/cache/stat-cache.ts';
import type { Key, KeyDocument } from '../pipeline/plan/key-document.ts';
import type { TaskLocks } from '../pipeline/cache/task-locks.ts';
import { lookIntoDatabase, openDatabase, openOrReplace, type FlowDatabase } from '../pipeline/record/open-database.ts';
import { databaseFileName } from '../pipeline/record/run-folder.ts';
import type { TreeStore, WrittenTree } from '../pipeline/experiment/parse-yaml.ts';
import type { StageFolders } from '../pipeline/experiment/stage-kinds.ts';
import type { Call, ProcessContext } from './flow-command.ts';
import { makeFolder, makeOwnFolder } from '../core/atomic-file.ts';
import { packageFolder } from '../core/package-folder.ts';
import { isUnwritable } from './file-system-failure.ts';

/** The folder experiments are relative to, with what earlier runs left in its `runs/`. */
export class Workspace {
  /** Absolute. */
  readonly folder: string;
  readonly runsFolder: string;
  readonly cache: ResultCache;
  readonly locksPath: string;
  /** Experiment files as they were read before. */
  readonly trees: TreeFolder;
  #digests: StatCache | undefined;
  #database: FlowDatabase | undefined;
  #record: FlowDatabase | undefined;

  /** @param caches a cache folder shared with other workspaces, and a second one that is only read; absolute */
  constructor(folder: string, caches: { readonly shared?: string; readonly second?: string } = {}) {
    this.folder = folder;
    this.runsFolder = join(folder, 'runs');
    this.trees = new TreeFolder(this.runsFolder);
    const { shared, second } = caches;
    this.cache = new ResultCache(
      shared === undefined
        ? { entries: join(this.runsFolder, 'cache'), scratch: join(this.runsFolder, 'scratch') }
        : { entries: shared, scratch: join(shared, '.scratch') },
      second === undefined ? [] : [folderSource(second)],
    );
    // Locks belong to the keys of a cache, so they are where every user of it finds them.
    this.locksPath = shared === undefined ? join(this.runsFolder, 'locks.db') : join(shared, '.locks.db');
  }

  get digests(): StatCache {
    this.#digests ??= this.#openDigests();
    return this.#digests;
  }

  /** Opens the stat cache when the first digest is asked for: many runs read nothing from outside. */
  get lazyDigests(): ContentDigester {
    return { digest: (path) => this.digests.digest(path) };
  }

  #openDigests(): StatCache {
    try {
      return openOrReplace(statCachePath(this.makeRunsFolder()), (path) => new StatCache(path));
    } catch (error) {
      if (!isUnwritable(error)) throw error;
      // A workspace that may only be read: contents are read again each time.
      return new StatCache(':memory:');
    }
  }

  /** The record, to be read. */
  get database(): FlowDatabase {
    this.#database ??= lookIntoDatabase(join(this.runsFolder, databaseFileName));
    return this.#database;
  }

  /** The record, to be added to; created if it does not exist. */
  get record(): FlowDatabase {
    if (this.#record === undefined) {
      const record = openDatabase(join(this.makeRunsFolder(), databaseFileName));
      this.#database?.close();
      this.#record = record;
      this.#database = record;
    }
    return this.#record;
  }

  /** Creates runs/ if it does not exist, and returns its path. */
  makeRunsFolder(): string {
    makeOwnFolder(this.runsFolder);
    return this.runsFolder;
  }

  /** Loaded when needed: a run that finds everything in the cache takes no lock. */
  async openLocks(run: string): Promise<TaskLocks> {
    const { TaskLocks } = await import('../pipeline/cache/task-locks.ts');
    makeFolder(dirname(this.locksPath));
    // The owner of a lock in a damaged file can no longer be found: there is nothing in it to keep.
    return openOrReplace(this.locksPath, (path) => new TaskLocks(path, run));
  }

  documentOf(key: Key): KeyDocument | undefined {
    return readEntry(this.cache.entryFolder(key), key)?.keyDocument;
  }

  close(): void {
    this.trees.close();
    this.#digests?.close();
    this.#database?.close();
  }
}

/**
 * The workspace a command works in: `--workspace`, or the folder it was called in. `FLOW_CACHE` names a cache folder to
 * share with other workspaces and users, `FLOW_SECOND_CACHE` one to look into for what ours lacks.
 */
export function openWorkspace(context: ProcessContext, asked: string | undefined): Workspace {
  const { workingFolder, environment } = context;
  const caches = { shared: environment['FLOW_CACHE'], second: environment['FLOW_SECOND_CACHE'] };
  const given = Object.entries(caches).flatMap(([name, path]) =>
    path === undefined || path === '' ? [] : [[name, resolve(workingFolder, path)] as const],
  );
  return new Workspace(resolve(workingFolder, asked ?? '.'), Object.fromEntries(given));
}

/** Opens the workspace of a call for `act`, and closes it however that ends. */
export async function inWorkspace<T>(
  call: Call,
  context: ProcessContext,
  act: (workspace: Workspace) => T | Promise<T>,
): Promise<T> {
  const workspace = openWorkspace(context, call.options['workspace'] as string | undefined);
  try {
    return await act(workspace);
  } finally {
    workspace.close();
  }
}

/** Where the stages that come with the package are. */
export function stageFolders(): StageFolders {
  const folder = packageFolder();
  return {
    manifests: join(folder, 'stages'),
    compiled: join(folder, 'dist', 'stages'),
    references: join(folder, 'dist', 'src', 'flow', 'stages'),
    validators: join(folder, 'dist', 'validators'),
    manifestSchema: join(folder, 'schemas', 'stage.schema.json'),
  };
}

/** Trees kept: one per version of an experiment that was in use lately. */
const maxTrees = 32;

/**
 * The trees of experiment files in `runs/parsed/`, by digest of the text. They can be deleted at any time; one that
 * a kill or a full disk has cut off counts as absent.
 */
class TreeFolder implements TreeStore {
  readonly #runsFolder: string;
  readonly #folder: string;
  readonly #fresh = new Map<Digest, WrittenTree>();

  constructor(runsFolder: string) {
    this.#runsFolder = runsFolder;
    this.#folder = join(runsFolder, 'parsed');
  }

  find(name: Digest): WrittenTree | undefined {
    try {
      return JSON.parse(readFileSync(join(this.#folder, name), 'utf8')) as WrittenTree;
    } catch {
      return undefined;
    }
  }

  keep(name: Digest, tree: WrittenTree): void {
    this.#fresh.set(name, tree);
  }

  /** Writes what was kept, unless nothing was run here: looking at an experiment leaves nothing behind. */
  close(): void {
    if (this.#fresh.size === 0 || !existsSync(this.#runsFolder)) return;
    try {
      makeOwnFolder(this.#folder);
      for (const [name, tree] of this.#fresh) this.#write(name, tree);
      this.#thin();
    } catch {
      // A workspace that may only be read: its files are read again each time.
    }
  }

  #write(name: Digest, tree: WrittenTree): void {
    const temporary = join(this.#folder, `.${name}.${process.pid}`);
    writeFileSync(temporary, JSON.stringify(tree));
    renameSync(temporary, join(this.#folder, name));
  }

  #thin(): void {
    const age = (name: string): number => statSync(join(this.#folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0;
    const names = readdirSync(this.#folder);
    if (names.length <= maxTrees) return;
    const byAge = names.map((name) => ({ name, age: age(name) })).sort((a, b) => b.age - a.age);
    for (const { name } of byAge.slice(maxTrees / 2)) rmSync(join(this.#folder, name), { force: true });
  }
}
