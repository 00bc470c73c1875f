import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Json } from '../../core/digest.ts';

/** What flows along an edge. A port of one kind accepts an output of the same kind; `any` accepts all. */
export const artifactKinds = {
  any: 'whatever the stage knows to handle',
  images: 'a folder of images, one sub-folder per identity: <identity>/<image>.<extension>',
  list: 'a packing list (.lst, tab separated)',
  protocol: 'a pair protocol in the form of LFW pairs.txt',
  dataset: 'a packed training set: train.rec, train.idx, property, dataset.json',
  pairs: 'a verification set (.bin)',
  model: 'a network with its parameters: model.json, parameters.bin',
  features: 'embeddings of images: features.json, names.txt, and a matrix or a file per image',
  log: 'the curves of a training: log.json',
  verification: 'the result of a verification: verification.json',
  page: 'a self-contained HTML page',
  table: 'a table of figures as JSON',
  figures: 'figures and curves that a program has measured, as JSON',
  file: 'a single file of any other content',
  folder: 'a folder of any other content',
} as const;

export type ArtifactKind = keyof typeof artifactKinds;

export interface InputPort {
  readonly kind: ArtifactKind;
  readonly summary: string;
  /** May be left out of `with`. */
  readonly optional?: boolean;
  /** Takes a list. A single value counts as a list of one. */
  readonly many?: boolean;
  /**
   * Endings of files that belong together, `*` for any digits: `-symbol.json`, `-*.params`. A file bound here that has
   * one of them is bound together with those next to it that begin as it does and end in another.
   */
  readonly companions?: readonly string[];
}

export interface OutputPort {
  readonly kind: ArtifactKind;
  readonly summary: string;
  /** Name of the file or folder inside the task's outputs, e.g. `dataset` or `lfw.bin`. */
  readonly path: string;
  /** Name of an optional input: it holds nothing unless that one is bound, and then nothing can be done with it. */
  readonly emptyWithout?: string;
  /** Something to look at, which need not be read by another stage. */
  readonly byproduct?: boolean;
}

/** The content of `stages/<name>/stage.json`; `schemas/stage.schema.json` is its schema. */
export interface StageManifest {
  readonly name: string;
  /** Raised whenever the same inputs would produce other outputs; part of the key. */
  readonly version: number;
  readonly summary: string;
  /** JSON schema of an object, closed (`additionalProperties: false`), every optional property with a default. */
  readonly params: Readonly<Record<string, Json>>;
  readonly inputs: Readonly<Record<string, InputPort>>;
  readonly outputs: Readonly<Record<string, OutputPort>>;
  /**
   * Computes with tensors: the engine and its version are part of the key. `true`: it trains. `inference`: an engine
   * that only infers will do, and the parameter `engine` of the stage chooses it.
   */
  readonly engine?: boolean | 'inference';
  /** Draws random numbers: the seed is part of the key. */
  readonly seeded?: boolean;
  /** The scratch folder survives an interruption, and the next run resumes from it. */
  readonly checkpoint?: boolean;
  /** Its work can be shared among several processes: `resources.ranks`. */
  readonly ranks?: boolean;
  /**
   * Its tasks may share a worker process, one after the other: nothing a task leaves in the process can reach the result
   * of the next. Worth it if loading libraries takes longer than the work.
   */
  readonly warm?: boolean;
  /**
   * The stage reads the history of its inputs: a file `lineage.json`, which tells by which tasks with which parameters
   * each was made, is handed over as input port `lineage`, and its digest is part of the key.
   */
  readonly lineage?: boolean;
  /**
   * The content of its inputs names files outside of them: `references.ts` next to `run.ts` finds these, and their content
   * is part of the key. See `src/stage-api/references.ts`. Not for stages of a user's own: their code runs in runs only.
   */
  readonly references?: boolean;
  /** `check.ts` next to `run.ts` finds what its work would end with before it runs. Not for stages of a user's own. */
  readonly checks?: boolean;
  /** Its inputs and outputs are declared where it is used, under `with`. */
  readonly declaresPorts?: boolean;
  /** It is a program instead of a module: the parameter `command`, run by the shell. */
  readonly program?: boolean;
  readonly resources?: { readonly cpus?: number | 'all'; readonly memory?: string; readonly gpus?: number };
}

/** Whether results depend on the library that computes tensors. */
export function computesTensors({ engine }: StageManifest): boolean {
  return engine === true || engine === 'inference';
}

/**
 * Reads the stage.json of a folder, every `$ref` in the schema of its parameters and in its input ports replaced by what
 * it refers to. Throws an Error if a `$ref` names nothing. Does not check it: those that come with the package are checked
 * by tests, those of users by `StageKinds`.
 */
export function readManifest(folder: string, files = new Map<string, Json>()): StageManifest {
  const written = JSON.parse(readFileSync(join(folder, 'stage.json'), 'utf8')) as Readonly<Record<string, Json>>;
  const { params = null, inputs = null } = written;
  const manifest: unknown = {
    ...written,
    params: inline(params, folder, files),
    inputs: inline(inputs, folder, files),
  };
  return manifest as StageManifest;
}

/** Replaces `{ "$ref": "<file>#/<pointer>" }`; paths are relative to `folder`, and `files` holds what has been read. */
function inline(schema: Json, folder: string, files: Map<string, Json>): Json {
  if (schema === null || typeof schema !== 'object') return schema;
  if (Array.isArray(schema)) return schema.map((item: Json) => inline(item, folder, files));
  const { $ref: reference, ...rest } = schema as Record<string, Json>;
  const own = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, inline(value, folder, files)]));
  if (typeof reference !== 'string') return own;
  const [file = '', pointer = ''] = reference.split('#');
  const path = resolve(folder, file);
  const content = files.get(path) ?? (JSON.parse(readFileSync(path, 'utf8')) as Json);
  files.set(path, content);
  let target: Json | undefined = content;
  for (const key of pointer.split('/').slice(1)) target = child(target, key);
  if (target === undefined) throw new Error(`${join(folder, 'stage.json')}: "$ref": "${reference}" names nothing`);
  const found = inline(target, dirname(path), files);
  return Array.isArray(found) ? found : { ...(found as Record<string, Json>), ...own };
}

function child(value: Json | undefined, key: string): Json | undefined {
  return value === null || typeof value !== 'object' ? undefined : (value as Record<string, Json>)[key];
}
