import type { Json } from '../../core/digest.ts';
import type { Failure, TextLocation } from '../../core/failure.ts';
import type { StageManifest } from './stage-manifest.ts';

/** A stage folder that the experiment uses, read and checked. */
export interface StageKind {
  readonly manifest: StageManifest;
  /** Absolute folder of stage.json. */
  readonly folder: string;
  /** Absolute path of the module that exports `run`. */
  readonly entry: string;
  /** Absolute path of the module that exports `references`, if the manifest declares it. */
  readonly references: string;
  /** Of a stage of the user's own: its folder as `uses` names it. Its code is part of the key, in place of a version. */
  readonly ownFolder?: string;
}

/** What an input port is bound to. */
export type Binding =
  PathBinding | { readonly type: 'output'; readonly task: string; readonly output: string; readonly at: TextLocation };

/** A file or folder from outside of the experiment. */
export interface PathBinding {
  readonly type: 'path';
  /** Absolute. */
  readonly path: string;
  /** As in the experiment file, references resolved: relative to the workspace or absolute. */
  readonly written: string;
  /** Absolute paths of the files next to it that are read with it, sorted; most inputs have none. */
  readonly companions: readonly string[];
  readonly at: TextLocation;
}

/** One execution of a stage: a stage of the file, or one instance of its matrix. All references are resolved. */
export interface TaskSpec {
  /** `train`, or `verify[set=lfw]` for an instance of a matrix. Unique. */
  readonly id: string;
  /** Name of the stage in the experiment file. */
  readonly stage: string;
  readonly kind: StageKind;
  /** Validated, defaults filled in, frozen. */
  readonly params: Readonly<Record<string, Json>>;
  /** Where a parameter was written, by JSON pointer (`/loss/margin`), for reasons and errors; undefined if a default holds. */
  readonly locate: (pointer: string) => TextLocation | undefined;
  /** By input port; empty if an optional port is unbound. */
  readonly inputs: Readonly<Record<string, readonly Binding[]>>;
  readonly seed: number;
  /** The values of the matrix of this instance; empty if the stage has no matrix. */
  readonly matrix: Readonly<Record<string, Json>>;
  /** Tasks that have to succeed before this one starts, though it reads none of their outputs. */
  readonly after: readonly Order[];
  readonly resources: Resources;
  readonly retries: Retries;
  readonly limits: TimeLimits;
  /** Additional variables of the task's process; part of the key, apart from secrets. */
  readonly environment: Readonly<Record<string, EnvironmentValue>>;
  readonly at: TextLocation;
}

export interface Order {
  readonly task: string;
  readonly at: TextLocation;
}

/** What a task occupies while it runs. Not part of the key. */
export interface Resources {
  readonly cpus: number | 'all';
  readonly memoryBytes?: number;
  readonly gpus: number;
  /** Processes that share the work; absent: as many as it has graphics processors, if its stage can share. */
  readonly ranks?: number;
}

/** How often a failed task is tried again, and how long the first wait is; each further wait is twice as long. */
export interface Retries {
  readonly times: number;
  readonly waitMs: number;
}

export interface TimeLimits {
  /** For one attempt. */
  readonly totalMs?: number;
  /** Without a sign of life: an event or a line of output. */
  readonly silentMs?: number;
}

export interface EnvironmentValue {
  readonly value: string;
  /** Must not be shown, recorded or made part of a key. */
  readonly secret: boolean;
  readonly at: TextLocation;
}

/** A table as its file has it, checked against schemas/table.schema.json; its references are resolved. */
export interface TableSpec {
  /** Defaults filled in, frozen; src/pipeline/table/definition.ts is its type. */
  readonly definition: Readonly<Record<string, Json>>;
  /** Where a part was written, by JSON pointer (`/columns/0/figure`), or the nearest part above it. */
  readonly locate: (pointer: string) => TextLocation;
}

/** An experiment after parsing, composing, validating and resolving: nothing after this folder reads YAML or fills in defaults. */
export interface Experiment {
  readonly name: string;
  readonly summary: string;
  /** Absolute path of the file. */
  readonly file: string;
  /** Relative paths in the file are relative to this folder. */
  readonly workspace: string;
  readonly params: Readonly<Record<string, Json>>;
  /** In an order in which every task comes after those it depends on. */
  readonly tasks: readonly TaskSpec[];
  /** By name; no part of what is run. */
  readonly tables: Readonly<Record<string, TableSpec>>;
  /** What is allowed but probably not meant: parameters that nothing uses, outputs that nothing reads. */
  readonly warnings: readonly Failure[];
  /** Texts of the file and of every file laid under or over it, by absolute path. */
  readonly sources: ReadonlyMap<string, string>;
}
