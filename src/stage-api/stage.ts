import type { EngineIdentity } from '../core/engine-identity.ts';

/**
 * The contract between the pipeline and the code of a stage (`stages/<name>/run.ts`): the pipeline calls it, the stages
 * implement it, and neither knows the other.
 */

/** Everything a running stage can report. The worker passes it on as one line of JSON each. */
export type StageEvent =
  | { readonly type: 'log'; readonly level: 'info' | 'warning'; readonly message: string }
  | {
      readonly type: 'progress';
      readonly done: number;
      /** Absent when the end is not known. */
      readonly total?: number;
      /** What is counted, in the plural: `images`, `steps`, `pairs`. */
      readonly unit: string;
      /** Short live figures, e.g. `{ 'images/s': 21.4, loss: 3.2 }`. */
      readonly figures?: Readonly<Record<string, number>>;
    }
  /** One point of a curve (`step` given) or a final figure of the task (`step` absent). */
  | { readonly type: 'metric'; readonly name: string; readonly value: number; readonly step?: number }
  /** The scratch folder holds a checkpoint from which an interrupted task can resume. */
  | { readonly type: 'checkpoint'; readonly step: number };

export type InputPaths = Readonly<Record<string, string | readonly string[] | undefined>>;
export type OutputPaths = Readonly<Record<string, string>>;

export interface StageContext<Params = unknown, Inputs = InputPaths, Outputs = OutputPaths> {
  /** Validated against `stage.json`, defaults filled in. */
  readonly params: Params;
  /** Absolute paths, one per input port; an array where the port takes many; undefined where it is optional and unbound. */
  readonly inputs: Inputs;
  /** Absolute paths to create (file or folder as `stage.json` says), one per output port. */
  readonly outputs: Outputs;
  /** A folder of the task's own. If the stage declares `"checkpoint": true` it survives an interruption; otherwise it starts empty. */
  readonly scratch: string;
  /** The only source of randomness. 32-bit unsigned. */
  readonly seed: number;
  /** Aborted when the task must stop: write a checkpoint if there is one to write, then return or throw. */
  readonly signal: AbortSignal;
  readonly engine: EngineIdentity;
  /** How many threads the task may keep busy. Must not change results beyond rounding. */
  readonly cpus: number;
  /** How many processes are to share the work, of a stage that declares `"ranks": true`; absent: one. Must not change results beyond rounding. */
  readonly ranks?: number;
  emit(event: StageEvent): void;
}

/** The code of a stage: `export const run: Stage<Params, Inputs, Outputs> = async (context) => { ... }`. */
export type Stage<Params, Inputs, Outputs> = (context: StageContext<Params, Inputs, Outputs>) => Promise<void>;
