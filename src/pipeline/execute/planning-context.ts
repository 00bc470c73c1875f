import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { digestOf, type Digest } from '../../core/digest.ts';
import type { EngineIdentity } from '../../core/engine-identity.ts';
import type { CacheEntry } from '../cache/cache-entry.ts';
import type { ResultCache } from '../cache/result-cache.ts';
import type { ContentDigester } from '../cache/stat-cache.ts';
import { externalInputsOf, type Key, type KeyDocument } from '../plan/key-document.ts';
import type { KeyOfTask, PlanningContext, OutputDigests } from '../plan/plan.ts';
import type { Experiment, TaskSpec } from '../experiment/experiment.ts';
import type { Lineage, LineageTask } from '../../stage-api/lineage.ts';
import type { FindReferences } from '../../stage-api/references.ts';
import type { InputPaths } from '../../stage-api/stage.ts';
import { dataNeeds, upstreamTasks } from '../plan/select-tasks.ts';

export interface PlanningSources {
  readonly experiment: Experiment;
  /** What a task computes tensors with; undefined if it does not. */
  readonly engineOf: (task: TaskSpec) => EngineIdentity | undefined;
  readonly cache: ResultCache;
  readonly digests: ContentDigester;
  /** Copy results of other sources to our cache when they are found: a run needs them here, a plan does not. */
  readonly adopts: boolean;
  /** Key document of the last execution of a task. */
  readonly previous: (task: TaskSpec) => KeyDocument | undefined;
  /** How the last attempt at a task ended, in words. */
  readonly lastAttempt: (task: TaskSpec) => string | undefined;
  /** Runs a command that prints the version of a program; undefined for a plan that runs nothing. */
  readonly programVersion: ((command: string) => Promise<string>) | undefined;
}

/** How long the digest of an input is believed: hundreds of tasks ask for the same folder within one planning. */
const digestHoldMs = 1000;

/** What a plan asks for, answered from the stat cache and the result cache. Remembers the entries it has seen. */
export class CachePlanningContext implements PlanningContext {
  readonly #sources: PlanningSources;
  readonly #entries = new Map<Key, CacheEntry>();
  readonly #digests = new Map<string, { readonly digest: Promise<Digest>; readonly at: number }>();

  readonly #programs = new Map<string, Promise<string>>();
  readonly #damaged = new Map<Key, string>();
  readonly #damages = new Set<string>();
  #onDamage: ((message: string) => void) | undefined;

  constructor(sources: PlanningSources) {
    this.#sources = sources;
  }

  engineOf(task: TaskSpec): EngineIdentity | undefined {
    return this.#sources.engineOf(task);
  }

  digestPath(path: string): Promise<Digest> {
    const held = this.#digests.get(path);
    if (held !== undefined && performance.now() - held.at < digestHoldMs) return held.digest;
    const digest = this.#sources.digests.digest(path).then((content) => content.digest);
    this.#digests.set(path, { digest, at: performance.now() });
    return digest;
  }

  async find(key: Key): Promise<OutputDigests | undefined> {
    const found = await this.#sources.cache.find(key);
    const isToCopy = found.state === 'elsewhere' && this.#sources.adopts;
    const lookup = isToCopy ? await this.#sources.cache.adopt(key) : found;
    this.#damaged.delete(key);
    switch (lookup.state) {
      case 'whole':
      case 'elsewhere':
        this.remember(lookup.entry);
        return outputDigests(lookup.entry);
      case 'damaged':
        this.#damaged.set(key, lookup.problem);
        this.#report(`the cached result ${key.slice(0, 12)} is damaged and will be replaced: ${lookup.problem}`);
        return undefined;
      case 'absent':
        return undefined;
    }
  }

  damageOf(key: Key): string | undefined {
    return this.#damaged.get(key);
  }

  /** Tells of entries that are there but not whole: of those found so far at once, of each further one when it is found. */
  onDamage(listener: (message: string) => void): void {
    this.#onDamage = listener;
    for (const message of this.#damages) listener(message);
  }

  #report(message: string): void {
    if (this.#damages.has(message)) return;
    this.#damages.add(message);
    this.#onDamage?.(message);
  }

  previous(task: TaskSpec): KeyDocument | undefined {
    return this.#sources.previous(task);
  }

  lastAttempt(task: TaskSpec): string | undefined {
    return this.#sources.lastAttempt(task);
  }

  programVersion(command: string, task: TaskSpec): Promise<string> | string | undefined {
    const { programVersion } = this.#sources;
    // As if it were what it was: what is planned then is what a run does unless the program has changed.
    if (programVersion === undefined) return this.previous(task)?.program;
    let version = this.#programs.get(command);
    if (version === undefined) {
      version = programVersion(command);
      this.#programs.set(command, version);
    }
    return version;
  }

  lineageDigest(task: TaskSpec, keyOf: KeyOfTask): Digest {
    return digestOf(this.lineage(task, keyOf));
  }

  /** The content of the task's lineage file. Every task it depends on must have been found or remembered. */
  lineage(task: TaskSpec, keyOf: KeyOfTask): string {
    const { experiment } = this.#sources;
    return lineageText(experiment, task, (id) => {
      const key = keyOf(id);
      if (key === undefined) throw new Error(`${task.id} asks for its lineage before ${id} has a result`);
      return this.entry(key);
    });
  }

  /** Looks at the files themselves every time: what was true a second ago may be no longer after the task has run. */
  async referencesDigest(task: TaskSpec, keyOf: KeyOfTask): Promise<Digest | undefined> {
    const { cache, digests } = this.#sources;
    const paths = inputPaths(task, cache, (id) => {
      const key = keyOf(id);
      return key === undefined ? undefined : this.entry(key);
    });
    const module = pathToFileURL(task.kind.references).href;
    const { references } = (await import(module)) as { readonly references: FindReferences };
    const contents: string[] = [];
    for (const path of new Set(references(paths))) {
      // Whether a file that is missing is a failure is for the stage to say.
      contents.push(existsSync(path) ? (await digests.digest(path)).digest : 'missing');
    }
    return contents.length === 0 ? undefined : digestOf(contents.join('\n'));
  }

  remember(entry: CacheEntry): void {
    this.#entries.set(entry.key, entry);
  }

  /** What was found or remembered under a key. */
  entry(key: Key): CacheEntry {
    const entry = this.#entries.get(key);
    if (entry === undefined) throw new Error(`no entry has been found under the key "${key}"`);
    return entry;
  }
}

/** The paths of a task's inputs by port, as its stage is handed them. */
export function inputPaths(
  task: TaskSpec,
  cache: ResultCache,
  entryOf: (task: string) => CacheEntry | undefined,
): InputPaths {
  const pathOf = (binding: TaskSpec['inputs'][string][number]): string => {
    if (binding.type === 'path') return binding.path;
    const entry = entryOf(binding.task);
    const output = entry?.outputs[binding.output];
    if (entry === undefined || output === undefined) {
      throw new Error(`the result of ${binding.task} has no output ${binding.output}`);
    }
    return cache.outputPath(entry, output);
  };
  const ports = Object.entries(task.inputs).map(([port, bindings]) => {
    const paths = bindings.map(pathOf);
    return [port, task.kind.manifest.inputs[port]?.many === true ? paths : paths[0]] as const;
  });
  return Object.fromEntries(ports);
}

export function outputDigests(entry: CacheEntry): OutputDigests {
  return Object.fromEntries(Object.entries(entry.outputs).map(([port, output]) => [port, output.digest]));
}

/**
 * The text of `lineage.json` for one task: equal text for equal stored results, since its digest is part of the key.
 */
function lineageText(experiment: Experiment, task: TaskSpec, entryOf: (task: string) => CacheEntry): string {
  const lineage: Lineage = {
    format: 'faceflow-lineage',
    version: 1,
    experiment: { name: experiment.name, summary: experiment.summary },
    tasks: upstreamTasks(experiment, task).map((each) => lineageTask(each, entryOf(each.id))),
  };
  return `${JSON.stringify(lineage, null, 1)}\n`;
}

function lineageTask(task: TaskSpec, entry: CacheEntry): LineageTask {
  const { manifest } = task.kind;
  return {
    id: task.id,
    stage: task.stage,
    kind: manifest.name,
    kindVersion: manifest.version,
    summary: manifest.summary,
    needs: dataNeeds(task),
    params: task.params,
    seed: manifest.seeded === true ? task.seed : null,
    engine: entry.engine,
    key: entry.key,
    durationMs: entry.durationMs,
    peakMemoryBytes: entry.peakMemoryBytes,
    figures: entry.figures,
    externalInputs: externalInputs(task, entry),
    outputs: Object.entries(entry.outputs).map(([port, { kind, digest, bytes }]) => ({ port, kind, digest, bytes })),
  };
}

/** With the digests they had when the result was computed, from the key document stored with it. */
function externalInputs(task: TaskSpec, { keyDocument }: CacheEntry): LineageTask['externalInputs'] {
  return externalInputsOf(task).map(({ port, index, binding }) => ({
    port,
    path: binding.written,
    digest: keyDocument.inputs[port]?.[index] ?? '',
  }));
}
