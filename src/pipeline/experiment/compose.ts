import { isUtf8 } from 'node:buffer';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { errorCode } from '../../core/failure.ts';
import { failures } from './failures.ts';
import { describe, isNull, nodeAt, pointerTo, type Entry, type MapNode, type Node } from './node.ts';
import { parseYaml, readTree, treeName, writeTree, type TreeStore } from './parse-yaml.ts';
import { locate, SourceText, type Problems, type Span } from './problems.ts';

export interface Composition {
  /** The experiment file, relative to the workspace or absolute. */
  readonly file: string;
  /** Absolute. */
  readonly workspace: string;
  readonly profile?: string | undefined;
  readonly overrideFiles?: readonly string[];
  readonly overrides: readonly string[];
}

/**
 * The experiment as one tree: the file over what it `extends`, the profile over that, then the overlays of --set-file,
 * then each --set. Undefined if nothing is left to work with.
 */
export function compose(composition: Composition, files: ExperimentFiles, problems: Problems): MapNode | undefined {
  const { workspace, file, profile, overrideFiles = [], overrides } = composition;
  const extended = new ExtendedFiles(files, problems);
  let root = extended.read(resolve(workspace, file), undefined);
  // With a part of the file missing, everything that refers to it would be reported too.
  if (root === undefined || problems.count > 0) return undefined;
  if (profile !== undefined) root = applyProfile(root, profile, problems);
  for (const overrideFile of overrideFiles) {
    const overlay = extended.read(resolve(workspace, overrideFile), undefined);
    if (overlay !== undefined) root = mergeMaps(root, overlay);
  }
  for (const override of overrides) root = applyOverride(root, override, problems);
  return root;
}

/** Lays files over those they extend. */
class ExtendedFiles {
  readonly #files: ExperimentFiles;
  readonly #problems: Problems;
  readonly #open: string[] = [];

  constructor(files: ExperimentFiles, problems: Problems) {
    this.#files = files;
    this.#problems = problems;
  }

  /** @param from the place that names the file, unless that is the command line */
  read(path: string, from: Span | undefined): MapNode | undefined {
    if (this.#open.includes(path)) {
      const circle = [...this.#open.slice(this.#open.indexOf(path)), path].map((each) => this.#files.shown(each));
      this.#problems.add(failures.referenceCycle({ relation: 'files extend', circle }, from && locate(from)));
      return undefined;
    }
    const root = this.#files.mapIn(path, from);
    const bases = root?.entries.get('extends')?.value;
    if (root === undefined || bases === undefined) return root;
    this.#open.push(path);
    let composed: MapNode | undefined;
    for (const base of bases.type === 'list' ? bases.items : [bases]) {
      const below = this.#readBase(base, dirname(path));
      if (below !== undefined) composed = composed === undefined ? below : mergeMaps(composed, below);
    }
    this.#open.pop();
    const own = without(root, 'extends');
    return composed === undefined ? own : { ...mergeMaps(composed, own), at: own.at };
  }

  #readBase(base: Node, folder: string): MapNode | undefined {
    if (base.type === 'scalar' && typeof base.value === 'string') {
      return this.read(resolve(folder, base.value), base.at);
    }
    const facts = { what: '"extends"', expected: 'a file or a list of files', found: describe(base) };
    this.#problems.add(failures.wrongType(facts, locate(base.at)));
    return undefined;
  }
}

function applyProfile(root: MapNode, name: string, problems: Problems): MapNode {
  const profiles = root.entries.get('profiles')?.value;
  const known = profiles?.type === 'map' ? profiles.entries : new Map<string, Entry>();
  const profile = known.get(name)?.value;
  if (profile !== undefined) return profile.type === 'map' ? mergeMaps(root, profile) : root;
  const at = new SourceText('--profile', name).locate(0, name.length);
  problems.add(failures.unknownProfile({ name, known: [...known.keys()] }, at));
  return root;
}

/**
 * Applies one `--set path=value`. The path is that of the file (`params.data`, `stages.train.with.batch`, `seed`) or
 * begins with a stage, for what is in its `with` (`train.batch`). The value is YAML; if the old value is a string, it
 * stays a string.
 */
function applyOverride(root: MapNode, override: string, problems: Problems): MapNode {
  const source = new SourceText('--set', override);
  const separator = override.indexOf('=');
  const written = separator === -1 ? override : override.slice(0, separator);
  const key: Span = { source, start: 0, end: Math.max(1, written.length) };
  if (separator <= 0) {
    problems.add(failures.badOverride({ override }, locate(key)));
    return root;
  }
  const path = written.trim().split('.');
  const [first = ''] = path;
  // `train.batch` is short for `stages.train.with.batch`.
  const isStage = !settable.includes(first) && namesIn(root, 'stages').includes(first);
  const full = isStage ? ['stages', first, 'with', ...path.slice(1)] : path;
  if (!isSettable(root, full, { at: key, problems })) return root;
  const changed = assign(root, full, { key, value: valueOf(source, { root, path: full, problems }) });
  return changed.type === 'map' ? changed : root;
}

const settable: readonly string[] = ['name', 'summary', 'seed', 'params', 'stages'];

function isSettable(
  root: MapNode,
  [first = '', second]: readonly string[],
  { at, problems }: { readonly at: Span; readonly problems: Problems },
): boolean {
  if (!settable.includes(first)) {
    const known = [...settable, ...namesIn(root, 'stages')];
    problems.add(failures.unknownOverride({ name: first, known }, locate(at)));
    return false;
  }
  if (first !== 'params' && first !== 'stages') return true;
  const known = namesIn(root, first);
  const kind = first === 'params' ? 'parameter' : 'stage';
  if (second === undefined) problems.add(failures.incompleteOverride({ kind, key: first }, locate(at)));
  else if (known.includes(second)) return true;
  else problems.add(failures.unknownOverrideTarget({ kind, name: second, known }, locate(at)));
  return false;
}

function namesIn(root: MapNode, key: 'params' | 'stages'): string[] {
  const map = root.entries.get(key)?.value;
  return map?.type === 'map' ? [...map.entries.keys()] : [];
}

/** What is behind the `=` of an override. */
function valueOf(
  source: SourceText,
  { root, path, problems }: { root: MapNode; path: readonly string[]; problems: Problems },
): Node {
  const start = source.text.indexOf('=') + 1;
  const at: Span = { source, start, end: source.text.length };
  const { node, exact } = nodeAt(root, path.reduce(pointerTo, ''));
  if (exact && node.type === 'scalar' && typeof node.value === 'string' && !node.value.includes('${')) {
    return { type: 'scalar', value: source.text.slice(start), at };
  }
  return parseYaml(source, problems, start) ?? { type: 'scalar', value: null, at };
}

/** Puts a value at a path that was written at `key`, making the mappings on the way there. */
function assign(base: Node | undefined, path: readonly string[], { key, value }: Entry): Node {
  const [name, ...rest] = path;
  if (name === undefined) return value;
  const entries = new Map<string, Entry>(base?.type === 'map' ? base.entries : []);
  const below = entries.get(name);
  entries.set(name, { key, value: assign(below?.value, rest, { key, value }) });
  return { type: 'map', entries, at: base?.at ?? value.at };
}

/**
 * Lays one mapping over another, key by key: mappings are joined, everything else is replaced. Null (`key:`) in the
 * overlay removes the key, so that its default holds.
 */
function mergeMaps(base: MapNode, overlay: MapNode): MapNode {
  const entries = new Map(base.entries);
  for (const [name, { key, value }] of overlay.entries) {
    const below = entries.get(name)?.value;
    if (isNull(value)) entries.delete(name);
    else entries.set(name, { key, value: below === undefined ? value : mergeValues(below, value) });
  }
  return { ...base, entries };
}

function mergeValues(base: Node, overlay: Node): Node {
  return base.type === 'map' && overlay.type === 'map' ? mergeMaps(base, overlay) : overlay;
}

/** A mapping without some of its keys. */
export function without(map: MapNode, ...keys: readonly string[]): MapNode {
  const entries = new Map(map.entries);
  for (const key of keys) entries.delete(key);
  return { ...map, entries };
}

/** Where the texts and trees of experiment files come from. */
export interface FileSources {
  /** Absolute. */
  readonly workspace: string;
  /** Trees of files that were read before. */
  readonly trees?: TreeStore | undefined;
  /** Texts that take the place of files, by absolute path. */
  readonly texts?: ReadonlyMap<string, string> | undefined;
}

/** Reads single experiment files as trees, and keeps their texts. */
export class ExperimentFiles {
  /** Text of every file that was read, by absolute path. */
  readonly read = new Map<string, string>();
  readonly #sources: FileSources;
  readonly #problems: Problems;

  constructor(sources: FileSources, problems: Problems) {
    this.#sources = sources;
    this.#problems = problems;
  }

  /**
   * The mapping in a file; undefined without one, which is reported.
   * @param from the place that names the file, unless that is the command line
   * @param wanted what the file should hold, for the failure of an empty one
   */
  mapIn(path: string, from: Span | undefined, wanted: 'experiment' | 'table' = 'experiment'): MapNode | undefined {
    const source = this.#load(path, from);
    if (source === undefined) return undefined;
    const before = this.#problems.count;
    const root = this.#parse(source);
    if (root?.type === 'map') return root;
    if (this.#problems.count > before) return undefined;
    this.#problems.add(
      root === undefined
        ? failures.emptyFile({ wanted }, source.locate(0, 1))
        : failures.wrongType({ expected: 'a mapping', found: describe(root) }, locate(root.at)),
    );
    return undefined;
  }

  /** A path as people type it: relative inside of the workspace. */
  shown(path: string): string {
    const inside = relative(this.#sources.workspace, path);
    if (inside === '') return '.';
    return inside.startsWith('..') ? path : inside;
  }

  #load(path: string, from: Span | undefined): SourceText | undefined {
    const text = this.#sources.texts?.get(path) ?? this.#textOf(path, from);
    if (text === undefined) return undefined;
    this.read.set(path, text);
    return new SourceText(this.shown(path), text.replace(/^\uFEFF/, ''));
  }

  #textOf(path: string, from: Span | undefined): string | undefined {
    const at = from && locate(from);
    const file = this.shown(path);
    try {
      const bytes = readFileSync(path);
      if (isUtf8(bytes) && !bytes.includes(0)) return bytes.toString('utf8');
      this.#problems.add(failures.notText({ file }, at));
    } catch (error) {
      const experiments = experimentsIn(path)?.map((name) => join(file, name));
      this.#problems.add(failures.fileNotFound({ file, reason: reasonOf(error), experiments }, at));
    }
    return undefined;
  }

  #parse(source: SourceText): Node | undefined {
    const name = treeName(source.text);
    const { trees } = this.#sources;
    const known = trees?.find(name);
    if (known !== undefined) return readTree(known, source);
    const before = this.#problems.count;
    const root = parseYaml(source, this.#problems);
    const tree = root === undefined || this.#problems.count > before ? undefined : writeTree(root);
    if (tree !== undefined) trees?.keep(name, tree);
    return root;
  }
}

/** What could have been meant by a path that names a folder: the YAML files in it. */
function experimentsIn(path: string): string[] | undefined {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return undefined;
  return readdirSync(path)
    .filter((name) => /\.ya?ml$/.test(name))
    .sort();
}

function reasonOf(error: unknown): string {
  const reasons: Record<string, string> = {
    ENOENT: 'the file does not exist',
    EISDIR: 'it is a folder',
    EACCES: 'it may not be read',
  };
  return reasons[errorCode(error) ?? ''] ?? String(error);
}
