import { canonicalJson, digestOf, type Digest, type Json } from '../../core/digest.ts';
import type { EngineIdentity } from '../../core/engine-identity.ts';
import type { TaskSpec } from '../experiment/experiment.ts';
import { computesTensors } from '../experiment/stage-manifest.ts';

/** The SHA-256 of a key document: names a result in the cache. */
export type Key = Digest & { readonly key: unique symbol };

/** Content digests by input port. */
export type InputDigests = Readonly<Record<string, readonly Digest[]>>;

/** Everything that decides what a task's outputs are; what is not in it cannot cause a rerun. */
export interface KeyDocument {
  readonly format: 'faceflow-key';
  readonly version: 1;
  /**
   * Another kind of stage, or a new version of it, computes something else. `code` is the digest of the stage's folder
   * where it is the user's own: nobody raises a version at every attempt to get a stage right.
   */
  readonly stage: { readonly name: string; readonly version: number; readonly code?: Digest };
  readonly params: Readonly<Record<string, Json>>;
  /**
   * Not the keys of the producers: early cutoff. Ports that nothing is bound to are left out, so that a new optional
   * port does not change the keys of those who do not use it. Port `lineage` where the stage asks for it.
   */
  readonly inputs: InputDigests;
  /** Only where the stage draws random numbers. */
  readonly seed?: number;
  /**
   * Only where the stage computes with tensors: another library rounds otherwise. It stands for the parameter `engine`
   * too, so that a library that was named and the same one found by itself give one result.
   */
  readonly engine?: EngineIdentity;
  /** Only where the experiment declares variables; never secrets. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Only where the stage asks for it: what the program says of its version. */
  readonly program?: string;
}

/** What of a key document does not stand in the experiment. */
export interface Findings {
  readonly inputs: InputDigests;
  readonly engine?: EngineIdentity | undefined;
  readonly program?: string | undefined;
  readonly code?: Digest | undefined;
}

export function keyDocument(task: TaskSpec, { inputs, engine, program, code }: Findings): KeyDocument {
  const { name, version, seeded } = task.kind.manifest;
  const declared = Object.entries(task.environment).filter(([, { secret }]) => !secret);
  return {
    format: 'faceflow-key',
    version: 1,
    stage: { name, version, ...(code === undefined ? {} : { code }) },
    params: paramsOf(task),
    inputs: Object.fromEntries(Object.entries(inputs).filter(([, digests]) => digests.length > 0)),
    ...(seeded === true ? { seed: task.seed } : {}),
    ...(engine === undefined || !computesTensors(task.kind.manifest)
      ? {}
      : { engine: { name: engine.name, version: engine.version } }),
    ...(declared.length > 0
      ? { environment: Object.fromEntries(declared.map(([variable, { value }]) => [variable, value])) }
      : {}),
    ...(program === undefined ? {} : { program }),
  };
}

function paramsOf({ kind, params }: TaskSpec): KeyDocument['params'] {
  if (kind.manifest.engine !== 'inference') return params;
  return Object.fromEntries(Object.entries(params).filter(([name]) => name !== 'engine'));
}

/** Equal documents have equal keys, in whatever order their parts were put together. */
export function keyOf(document: KeyDocument): Key {
  return digestOf(canonicalJson(document as unknown as Json)) as Key;
}
