import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readFileSync, readSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder, syncPath, writeFileAtomic } from '../../../core/atomic-file.ts';
import { canonicalJson, digestOf } from '../../../core/digest.ts';
import { fail } from '../../../core/failure.ts';
import { failures } from '../failures.ts';

/*
 * A graph of an approximate index in a folder: NAME.json says which files belong together, NAME.N.graph is what the library has written,
 * NAME.N.keys the keys that are in it, ascending. Writing NAME.json makes the others count; with the digests in it they are whole or not used.
 */

/** Where a graph is saved. */
export interface GraphPlace {
  readonly folder: string;
  readonly name: string;
}

/** All that the content of a graph depends on, beside the vectors. */
export type GraphIdentity = Readonly<Record<string, string | number>>;

interface GraphHeader {
  readonly format: 'faceflow-graph';
  readonly identity: GraphIdentity;
  readonly number: number;
  readonly graphSha256: string;
  readonly keysSha256: string;
}

export type SavedGraph =
  | { readonly outcome: 'found'; readonly file: string; readonly keys: BigUint64Array }
  | { readonly outcome: 'none' }
  /** There is one, which cannot be used, and why. */
  | { readonly outcome: 'unusable'; readonly problem: string };

/** What was saved, if it is of the same identity and whole. */
export function readGraph(place: GraphPlace, identity: GraphIdentity): SavedGraph {
  for (const file of [headerFile(place), ...Object.values(filesOf(place, 1))]) requireNoOther(file);
  const header = headerOf(place);
  if (header === undefined) return { outcome: 'none' };
  if (header === 'damaged') return { outcome: 'unusable', problem: 'its description is damaged' };
  if (canonicalJson(header.identity) !== canonicalJson(identity)) {
    return { outcome: 'unusable', problem: 'it was made for other vectors, or by another version of the library' };
  }
  const { graph, keys } = filesOf(place, header.number);
  for (const file of [graph, keys]) requireNoOther(file);
  if (!existsSync(graph) || !existsSync(keys)) return { outcome: 'unusable', problem: 'a file of it is missing' };
  const content = readFileSync(keys);
  if (digestOf(content) !== header.keysSha256 || digestOfFile(graph) !== header.graphSha256) {
    return { outcome: 'unusable', problem: 'a file of it is damaged' };
  }
  return { outcome: 'found', file: graph, keys: new BigUint64Array(Uint8Array.from(content).buffer) };
}

/** `write` writes the graph to a path. What was saved before stays until the new one is whole. */
export function saveGraph(
  place: GraphPlace,
  identity: GraphIdentity,
  { keys, write }: { readonly keys: BigUint64Array; readonly write: (file: string) => void },
): void {
  makeFolder(place.folder);
  const before = headerOf(place);
  const number = before === undefined || before === 'damaged' ? 1 : before.number + 1;
  const files = filesOf(place, number);
  write(files.graph);
  syncPath(files.graph);
  const bytes = new Uint8Array(keys.buffer, keys.byteOffset, keys.byteLength);
  writeFileAtomic(files.keys, bytes);
  const header: GraphHeader = {
    ...{ format: 'faceflow-graph', identity, number },
    ...{ graphSha256: digestOfFile(files.graph), keysSha256: digestOf(bytes) },
  };
  writeFileAtomic(headerFile(place), `${JSON.stringify(header)}\n`);
  if (number > 1) removeFiles(place, number - 1);
}

export function removeGraph(place: GraphPlace): void {
  const header = headerOf(place);
  rmSync(headerFile(place), { force: true });
  if (header !== undefined && header !== 'damaged') removeFiles(place, header.number);
}

/** Fails with `graph-not-a-file` for a folder or a device in the place of a file, which is never removed or written over. */
function requireNoOther(file: string): void {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat !== undefined && !stat.isFile()) fail(failures.graphNotAFile({}, { file }));
}

function headerFile({ folder, name }: GraphPlace): string {
  return join(folder, `${name}.json`);
}

function filesOf({ folder, name }: GraphPlace, number: number): Readonly<Record<'graph' | 'keys', string>> {
  return { graph: join(folder, `${name}.${number}.graph`), keys: join(folder, `${name}.${number}.keys`) };
}

function removeFiles(place: GraphPlace, number: number): void {
  for (const file of Object.values(filesOf(place, number))) rmSync(file, { force: true });
}

function headerOf(place: GraphPlace): GraphHeader | 'damaged' | undefined {
  const file = headerFile(place);
  if (!existsSync(file)) return undefined;
  try {
    const header = JSON.parse(readFileSync(file, 'utf8')) as Partial<GraphHeader> | null;
    return header?.format === 'faceflow-graph' && Number.isInteger(header.number) ? (header as GraphHeader) : 'damaged';
  } catch (error) {
    if (error instanceof SyntaxError) return 'damaged';
    throw error;
  }
}

/** Bytes that are read at a time. */
const pieceBytes = 2 ** 22;

function digestOfFile(file: string): string {
  const hash = createHash('sha256');
  const piece = Buffer.alloc(Math.min(pieceBytes, Math.max(1, statSync(file).size)));
  const descriptor = openSync(file, 'r');
  try {
    for (;;) {
      const count = readSync(descriptor, piece);
      if (count === 0) return hash.digest('hex');
      hash.update(piece.subarray(0, count));
    }
  } finally {
    closeSync(descriptor);
  }
}
