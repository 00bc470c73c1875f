import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Digest, Json } from '../../core/digest.ts';
import type { EngineIdentity } from '../../core/engine-identity.ts';

/** One output of a stored result. */
export interface StoredOutput {
  /** Kind of artifact, as stage.json says. */
  readonly kind: string;
  /** Relative to the entry's `outputs` folder. */
  readonly path: string;
  readonly digest: Digest;
  readonly bytes: number;
  /** What the files looked like from outside when they were digested: tells a touched result without reading it. */
  readonly signature: Digest;
}

/** A final figure of a task: a metric without a step. */
export interface Figure {
  readonly name: string;
  readonly value: number;
}

/** What is known of an execution besides its outputs. */
export interface ExecutionFacts {
  /** The readable document whose digest is the key. */
  readonly keyDocument: Json;
  /** Who computed it first: experiment and task. */
  readonly experiment: string;
  readonly task: string;
  readonly run: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly durationMs: number;
  readonly peakMemoryBytes: number | null;
  readonly engine: EngineIdentity | null;
  readonly figures: readonly Figure[];
  /** Set where nobody computed it under this key: a person said that what has changed does not matter. */
  readonly accepted?: Acceptance;
}

export interface Acceptance {
  /** The key under which it was computed. */
  readonly from: string;
  readonly reason: string;
  /** ISO 8601, UTC. */
  readonly at: string;
}

/** The content of `cache/<key>/entry.json`. */
export interface CacheEntry extends ExecutionFacts {
  readonly format: 'faceflow-cache-entry';
  readonly version: 1;
  readonly key: string;
  readonly outputs: Readonly<Record<string, StoredOutput>>;
}

export const entryFileName = 'entry.json';
export const outputsFolderName = 'outputs';

/** Reads an entry's description; undefined where there is none, or none that can be understood. */
export function readEntry(folder: string, key: string): CacheEntry | undefined {
  let text: string;
  try {
    text = readFileSync(join(folder, entryFileName), 'utf8');
  } catch {
    return undefined;
  }
  return parseEntry(text, key);
}

/** Entries are written by us alone; a text that is not one of them (cut off, of a later version) is no entry. */
function parseEntry(text: string, key: string): CacheEntry | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const entry = value as Partial<CacheEntry>;
  const isOurs = entry.format === 'faceflow-cache-entry' && entry.version === 1;
  return isOurs && entry.key === key && entry.outputs !== undefined ? (value as CacheEntry) : undefined;
}
