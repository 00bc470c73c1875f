import { mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { readEntry } from '../pipeline/cache/cache-entry.ts';
import { ResultCache } from '../pipeline/cache/result-cache.ts';
import { folderSource } from '../pipeline/cache/sources/folder.ts';
import { StatCache, statCachePath, type ContentDigester } from '../pipeline/cache/stat-cache.ts';
import type { TaskLocks } from '../pipeline/cache/task-locks.ts';
import { CachePlanningContext } from '../pipeline/execute/planning-context.ts';
import type { Key, KeyDocument } from '../pipeline/plan/key-document.ts';
import { openOrReplace } from '../pipeline/record/database-damage.ts';
import { lookIntoDatabase } from '../pipeline/record/look-into-database.ts';
import { openDatabase, type FlowDatabase } from '../pipeline/record/open-database.ts';
import { lastAttemptOf, lastKeyOf, recordedDocument } from '../pipeline/record/past-runs.ts';
import { databaseFileName } from '../pipeline/record/run-folder.ts';
import { outcomeText } from '../pipeline/console/outcome-text.ts';
import type { Experiment, TaskSpec } from '../pipeline/experiment/experiment.ts';
import type { StageFolders } from '../pipeline/experiment/stage-kinds.ts';
import type { TaskEngines } from './engine.ts';
import type { ProcessContext } from './flow-command.ts';
import { packageFolder } from '../core/package-folder.ts';
import { TreeFolder } from './tree-folder.ts';
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
    // Locks belong to the keys of a cache, so they lie where everybody who uses it finds them.
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
      // A workspace that may only be read: contents are read anew each time.
      return new StatCache(':memory:');
    }
  }

  /** The record, for looking into it. */
  get database(): FlowDatabase {
    this.#database ??= lookIntoDatabase(join(this.runsFolder, databaseFileName));
    return this.#database;
  }

  /** The record, for adding to it; created where it does not exist. */
  get record(): FlowDatabase {
    if (this.#record === undefined) {
      const record = openDatabase(join(this.makeRunsFolder(), databaseFileName));
      this.#database?.close();
      this.#record = record;
      this.#database = record;
    }
    return this.#record;
  }

  /** Creates runs/ where it does not exist, and gives its path. */
  makeRunsFolder(): string {
    mkdirSync(this.runsFolder, { recursive: true });
    return this.runsFolder;
  }

  /** Loaded when needed: a run that finds everything in the cache takes no lock. */
  async openLocks(run: string): Promise<TaskLocks> {
    const { TaskLocks } = await import('../pipeline/cache/task-locks.ts');
    mkdirSync(dirname(this.locksPath), { recursive: true });
    // Whoever holds a lock in a damaged file can no longer say so: there is nothing in it to keep.
    return openOrReplace(this.locksPath, (path) => new TaskLocks(path, run));
  }

  /** The key document of the last execution of a task, for reasons: from the record, or from the result itself. */
  #previous(experiment: Experiment, task: TaskSpec): KeyDocument | undefined {
    const key = lastKeyOf(this.database, experiment.name, task.id);
    if (key === undefined) return undefined;
    const recorded = recordedDocument(this.database, key);
    if (recorded !== undefined) return JSON.parse(recorded) as KeyDocument;
    return this.documentOf(key);
  }

  #lastAttempt(experiment: Experiment, task: TaskSpec): string | undefined {
    const attempt = lastAttemptOf(this.database, experiment.name, task.id);
    if (attempt === undefined) return undefined;
    const ended = attempt.detail === null ? 'its runner was killed' : outcomeText(attempt.detail);
    return `${ended} (run ${attempt.run})`;
  }

  /** What a plan of an experiment asks for, answered from here. */
  knowledge(experiment: Experiment, engines: TaskEngines, { adopts = false } = {}): CachePlanningContext {
    const { cache, lazyDigests: digests } = this;
    return new CachePlanningContext({
      experiment,
      engineOf: (task) => engines.of(task)?.identity,
      cache,
      digests,
      adopts,
      previous: (task) => this.#previous(experiment, task),
      lastAttempt: (task) => this.#lastAttempt(experiment, task),
      programVersion: async (command) => {
        // Starting processes is for experiments that ask for it.
        const { programVersion } = await import('./program-version.ts');
        return programVersion(command, this.folder);
      },
    });
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
 * share with other workspaces and users, `FLOW_SECOND_CACHE` one to look into where ours has nothing.
 */
export function openWorkspace(surroundings: ProcessContext, asked: string | undefined): Workspace {
  const { workingFolder, environment } = surroundings;
  const caches = { shared: environment['FLOW_CACHE'], second: environment['FLOW_SECOND_CACHE'] };
  const given = Object.entries(caches).flatMap(([name, path]) =>
    path === undefined || path === '' ? [] : [[name, resolve(workingFolder, path)] as const],
  );
  return new Workspace(resolve(workingFolder, asked ?? '.'), Object.fromEntries(given));
}

/** Where the stages that come with the package lie. */
export function stageFolders(): StageFolders {
  const folder = packageFolder();
  return {
    manifests: join(folder, 'stages'),
    compiled: join(folder, 'dist', 'stages'),
    validators: join(folder, 'dist', 'validators'),
    manifestSchema: join(folder, 'schemas', 'stage.schema.json'),
  };
}
