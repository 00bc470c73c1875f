import type { Json } from '../base/digest.ts';
import type { TextLocation } from '../base/failure.ts';
import type { StageManifest } from './stage-manifest.ts';

/** A stage folder that the experiment uses, read and checked. */
export interface StageKind {
  readonly manifest: StageManifest;
  /** Absolute folder of stage.json. */
  readonly folder: string;
  /** Absolute path of the module that exports `run`. */
  readonly entry: string;
}

/** What an input port is bound to. */
export type Binding =
  | {
      readonly type: 'path';
      /** Absolute. */
      readonly path: string;
      /** As in the experiment file, references resolved: relative to the workspace or absolute. */
      readonly written: string;
      readonly at: TextLocation;
    }
  | { readonly type: 'output'; readonly task: string; readonly output: string; readonly at: TextLocation };

/** One execution of a stage: a stage of the file, or one instance of its matrix. All references are resolved. */
export interface TaskSpec {
  /** `train`, or `verify[set=lfw]` for an instance of a matrix. Unique. */
  readonly id: string;
  /** Name of the stage in the experiment file. */
  readonly stage: string;
  readonly kind: StageKind;
  /** Validated, defaults filled in, frozen. */
  readonly params: Readonly<Record<string, Json>>;
  /** Where a parameter was written, by JSON pointer (`/loss/margin`), for reasons and errors; undefined where a default holds. */
  readonly locate: (pointer: string) => TextLocation | undefined;
  /** By input port; empty array where an optional port is unbound. */
  readonly inputs: Readonly<Record<string, readonly Binding[]>>;
  readonly seed: number;
  readonly at: TextLocation;
}

/** An experiment after parsing, composing, validating and resolving: nothing after `spec` reads YAML or fills defaults. */
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
}
