import type { Digest, Json } from '../base/digest.ts';
import type { EngineIdentity } from '../base/stage.ts';
import type { TaskSpec } from '../spec/experiment.ts';

/** The SHA-256 of a key document: names a result in the cache. */
export type Key = Digest & { readonly key: unique symbol };

/** Everything that decides what a task's outputs are; what is not in it cannot cause a rerun. */
export interface KeyDocument {
  readonly format: 'faceflow-key';
  readonly version: 1;
  /** Another kind of stage, or a new version of it, computes something else. */
  readonly stage: { readonly name: string; readonly version: number };
  readonly params: Readonly<Record<string, Json>>;
  /** Content digests by port (also port `lineage` where the stage asks for it), not the keys of their producers: early cutoff. */
  readonly inputs: Readonly<Record<string, readonly Digest[]>>;
  /** Only where the stage draws random numbers. */
  readonly seed?: number;
  /** Only where the stage computes with tensors. */
  readonly engine?: EngineIdentity;
}

export type InputDigests = Readonly<Record<string, readonly Digest[]>>;

export function keyDocument(task: TaskSpec, inputs: InputDigests, engine: EngineIdentity): KeyDocument {
  throw new Error(`not there yet: ${task.id} ${engine.name} ${JSON.stringify(inputs)}`);
}

export function keyOf(document: KeyDocument): Key {
  throw new Error(`not there yet: ${document.stage.name}`);
}
