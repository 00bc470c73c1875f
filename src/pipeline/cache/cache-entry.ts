import { existsSync, lstatSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { isAbsolute, join, relative } from 'node:path';
import { writeFileAtomic } from '../../core/atomic-file.ts';
import type { Digest } from '../../core/digest.ts';
import type { EngineIdentity } from '../../core/engine-identity.ts';
import { asKey, keyOf, type Key, type KeyDocument } from '../plan/key-document.ts';
import { linksLeadingOut, listTree, portableSignature, type FileTree, treeDigest } from './file-tree.ts';

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

/** What is known of an execution apart from its outputs. */
export interface ExecutionFacts {
  /** The readable document whose digest is the key. */
  readonly keyDocument: KeyDocument;
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
  /** Set if it was not computed under this key: a user declared that what has changed does not matter. */
  readonly accepted?: Acceptance;
}

export interface Acceptance {
  /** The key under which it was computed. */
  readonly from: Key;
  readonly reason: string;
  /** ISO 8601, UTC. */
  readonly at: string;
}

/** The content of `cache/<key>/entry.json`. */
export interface CacheEntry extends ExecutionFacts {
  readonly format: 'faceflow-cache-entry';
  readonly version: 1;
  readonly key: Key;
  readonly outputs: Readonly<Record<string, StoredOutput>>;
}

export const entryFileName = 'entry.json';
export const outputsFolderName = 'outputs';

/** Keys of the entries in a folder, whole or not; empty if it is not a folder. */
export function keysInFolder(folder: string): Key[] {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) return [];
  return readdirSync(folder)
    .flatMap((name) => asKey(name) ?? [])
    .sort();
}

/** Reads an entry's description; undefined if it is missing or cannot be understood. */
export function readEntry(folder: string, key: Key): CacheEntry | undefined {
  // Only faceflow writes entries; a text that is not one of them (cut off, of a later version) is not an entry.
  try {
    const value: unknown = JSON.parse(readFileSync(join(folder, entryFileName), 'utf8'));
    return isEntryOf(value, key) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isEntryOf(value: unknown, key: Key): value is CacheEntry {
  if (typeof value !== 'object' || value === null) return false;
  const entry: Partial<CacheEntry> = value;
  const isOurs = entry.format === 'faceflow-cache-entry' && entry.version === 1;
  return isOurs && entry.key === key && entry.outputs !== undefined;
}

/** Whether the folder of an entry holds what was stored. */
export type Inspection =
  | { readonly state: 'whole'; readonly entry: CacheEntry }
  | { readonly state: 'absent' }
  | { readonly state: 'damaged'; readonly problem: string };

/**
 * Looks at an entry: with `stat` alone if that tells that nothing was touched, or by reading all of it. An entry whose
 * files have other times than when they were stored (it was copied) is read once, and its description adapted.
 */
export async function inspectEntry(folder: string, key: Key, how: 'stat' | 'read'): Promise<Inspection> {
  const entry = readEntry(folder, key);
  if (entry === undefined) {
    return existsSync(folder) ? damaged(`${entryFileName} is missing or cut off`) : { state: 'absent' };
  }
  const outputs: Record<string, StoredOutput> = {};
  for (const [port, output] of Object.entries(entry.outputs)) {
    const tree = tryListTree(join(folder, outputsFolderName, output.path));
    if (tree === undefined) return damaged(`output ${port} is missing`);
    const signature = portableSignature(tree);
    const isTouched = signature !== output.signature;
    if ((how === 'read' || isTouched) && (await treeDigest(tree)) !== output.digest) {
      return damaged(`output ${port} is not what was stored: ${difference(tree, output)}`);
    }
    outputs[port] = isTouched ? { ...output, signature } : output;
  }
  return { state: 'whole', entry: withSignatures(folder, entry, outputs) };
}

/**
 * Why the folder of a result that comes from elsewhere is not to be believed; undefined if it is. Its key must be that of
 * its document (a result can otherwise be filed under any key), and all of it must be in the folder itself.
 */
export function foreignProblem(folder: string, key: Key): string | undefined {
  for (const name of ['', entryFileName, outputsFolderName]) {
    if (lstatSync(join(folder, name), { throwIfNoEntry: false })?.isSymbolicLink() === true) {
      return `${name === '' ? 'its folder' : name} is a symbolic link`;
    }
  }
  const entry = readEntry(folder, key);
  if (entry === undefined) return `${entryFileName} is missing or cut off`;
  if (!isKeyOf(entry.keyDocument, key)) return 'its key is not that of its key document';
  const outputs = join(folder, outputsFolderName);
  const outside = Object.entries(entry.outputs).find(([, { path }]) => !isWithin(path));
  if (outside !== undefined) return `output ${outside[0]} is not in its folder ${outputsFolderName}`;
  const [link] = existsSync(outputs) ? linksLeadingOut(outputs, outputs) : [];
  return link === undefined ? undefined : `a symbolic link leads out of it: ${relative(folder, link)}`;
}

/** The document of a damaged entry may be anything. */
function isKeyOf(document: unknown, key: Key): boolean {
  return typeof document === 'object' && document !== null && keyOf(document as KeyDocument) === key;
}

function isWithin(path: unknown): boolean {
  return typeof path === 'string' && !isAbsolute(path) && !path.split('/').includes('..');
}

function withSignatures(folder: string, entry: CacheEntry, outputs: CacheEntry['outputs']): CacheEntry {
  if (Object.entries(outputs).every(([port, output]) => output === entry.outputs[port])) return entry;
  const changed: CacheEntry = { ...entry, outputs };
  try {
    writeFileAtomic(join(folder, entryFileName), `${JSON.stringify(changed, null, 1)}\n`);
  } catch {
    // A cache that may only be read is read again each time.
  }
  return changed;
}

function difference(tree: FileTree, output: StoredOutput): string {
  return tree.bytes === output.bytes
    ? 'its content differs'
    : `expected ${output.bytes} bytes, found ${tree.bytes} bytes`;
}

function damaged(problem: string): Inspection {
  return { state: 'damaged', problem };
}

function tryListTree(path: string): FileTree | undefined {
  try {
    return listTree(path);
  } catch {
    return undefined;
  }
}
