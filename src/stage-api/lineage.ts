import type { Json } from '../core/digest.ts';
import type { EngineIdentity } from '../core/engine-identity.ts';

/** The input port that stages with `"lineage": true` have without declaring it. */
export const lineagePort = 'lineage';

/**
 * The history of a task's inputs: the content of `lineage.json`, which stages that declare `"lineage": true` find as
 * input port `lineage`. It holds nothing that changes without a task being executed again (no run id, no date of the
 * run), so its digest can be part of the key.
 */
export interface Lineage {
  readonly format: 'faceflow-lineage';
  readonly version: 1;
  readonly experiment: { readonly name: string; readonly summary: string };
  /** Every task the inputs depend on, transitively; each after those it needs. */
  readonly tasks: readonly LineageTask[];
  /** Of the page of one run (`flow page`): what its record tells besides, by name. A stage in a run is never handed it. */
  readonly record?: readonly (readonly [name: string, text: string])[];
}

export interface LineageTask {
  /** `train`, or `verify[set=lfw]`. */
  readonly id: string;
  /** Name of the stage in the experiment file. */
  readonly stage: string;
  /** Name and version of the kind of stage (`uses`). */
  readonly kind: string;
  readonly kindVersion: number;
  /** One sentence on what the kind of stage does. */
  readonly summary: string;
  /** Ids of the tasks whose outputs it reads. */
  readonly needs: readonly string[];
  readonly params: Readonly<Record<string, Json>>;
  readonly seed: number | null;
  /** Null for tasks that compute without tensors. */
  readonly engine: EngineIdentity | null;
  readonly key: string;
  /** Wall-clock time of the execution that produced the result, whenever that was. */
  readonly durationMs: number;
  readonly peakMemoryBytes: number | null;
  /** Final figures (metrics without a step) in the order in which they were emitted. */
  readonly figures: readonly { readonly name: string; readonly value: number }[];
  /** Inputs that come from outside of the experiment, as written there. */
  readonly externalInputs: readonly { readonly port: string; readonly path: string; readonly digest: string }[];
  readonly outputs: readonly {
    readonly port: string;
    readonly kind: string;
    readonly digest: string;
    readonly bytes: number;
  }[];
}
