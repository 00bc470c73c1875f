import { basename } from 'node:path';
import { canonicalJson, digestOf, type Digest, type Json } from '../../core/digest.ts';
import type { EngineIdentity } from '../../core/engine-identity.ts';
import type { PathBinding, TaskSpec } from '../experiment/experiment.ts';
import { computesTensors } from '../experiment/stage-manifest.ts';

/** The SHA-256 of a key document: names a result in the cache. */
export type Key = Digest & { readonly key: unique symbol };

const keyLength = 64;
const keyPattern = /^[0-9a-f]{64}$/;

/** A text as the key that it is; undefined if it is not one. */
export function asKey(text: string): Key | undefined {
  return keyPattern.test(text) ? (text as Key) : undefined;
}

/** The key that a text begins with, such as the name of a scratch folder. */
export function keyAtStartOf(text: string): Key | undefined {
  return asKey(text.slice(0, keyLength));
}

/** Content digests by input port. */
export type InputDigests = Readonly<Record<string, readonly Digest[]>>;

/** Everything that decides what a task's outputs are; what is not in it cannot cause a rerun. */
export interface KeyDocument {
  readonly format: 'faceflow-key';
  readonly version: 1;
  /**
   * Another kind of stage, or a new version of it, computes something else. `code` is the digest of the stage's folder
   * if it is the user's own: while a stage is being written, its version is not raised at every attempt.
   */
  readonly stage: { readonly name: string; readonly version: number; readonly code?: Digest };
  readonly params: Readonly<Record<string, Json>>;
  /**
   * Not the keys of the producers: early cutoff. Ports that nothing is bound to are left out, so that a new optional
   * port does not change the keys of tasks that do not use it. Port `lineage` if the stage asks for it.
   */
  readonly inputs: InputDigests;
  /** Only if the stage draws random numbers. */
  readonly seed?: number;
  /**
   * Only if the stage computes with tensors: another library rounds otherwise. It replaces the parameter `engine`, so
   * that a library that was named and the same one chosen automatically share one result.
   */
  readonly engine?: EngineIdentity;
  /** Only if the experiment declares variables; never secrets. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Only if the stage asks for it: the version that the program prints. */
  readonly program?: string;
}

/** The parts of a key document that are not in the experiment. */
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
  return digestOf(canonicalJson(document)) as Key;
}

/** The digest of an input from outside: of the file or folder, and of the files next to it that are read with it. */
export async function inputDigest(
  { path, companions }: Pick<PathBinding, 'path' | 'companions'>,
  digestPath: (path: string) => Digest | Promise<Digest>,
): Promise<Digest> {
  const own = await digestPath(path);
  if (companions.length === 0) return own;
  const parts: Record<string, Digest> = { '': own };
  for (const companion of companions) parts[basename(companion)] = await digestPath(companion);
  return digestOf(canonicalJson(parts));
}

/** Content digests of what a task reads from outside of the experiment, by path as written there. */
export type ExternalContents = Readonly<Record<string, string>>;

/** The inputs of a task that no other task produces, each with its port and its place in the port. */
export function externalInputsOf({ inputs }: TaskSpec): ExternalInput[] {
  return Object.entries(inputs).flatMap(([port, bindings]) =>
    bindings.flatMap((binding, index) => (binding.type === 'path' ? [{ port, index, binding }] : [])),
  );
}

export interface ExternalInput {
  readonly port: string;
  readonly index: number;
  readonly binding: PathBinding;
}

/** What a task read from outside, by its key document; undefined if it reads nothing from there. */
export function externalContents(task: TaskSpec, digests: InputDigests): ExternalContents | undefined {
  const contents = externalInputsOf(task).map(({ port, index, binding }) => [
    binding.written,
    digests[port]?.[index] ?? '',
  ]);
  return contents.length === 0 ? undefined : (Object.fromEntries(contents) as ExternalContents);
}
