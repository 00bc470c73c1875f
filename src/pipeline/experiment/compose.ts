import { dirname, resolve } from 'node:path';
import { failures } from './failures.ts';
import { describe, isNull, nodeAt, pointerTo, type Entry, type MapNode, type Node } from './node.ts';
import { parseYaml } from './parse-yaml.ts';
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

/** Where the trees of files come from: composing itself reads nothing. */
export interface TreeSource {
  /** The mapping in a file; undefined without one, which was reported at `from`. */
  mapIn(path: string, from: Span | undefined): MapNode | undefined;
  /** A path as people type it. */
  shown(path: string): string;
}

/**
 * The experiment as one tree: the file over what it `extends`, the profile over that, then the overlays of --set-file,
 * then each --set. Undefined if nothing is left to work with.
 */
export function compose(composition: Composition, files: TreeSource, problems: Problems): MapNode | undefined {
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
  readonly #files: TreeSource;
  readonly #problems: Problems;
  readonly #open: string[] = [];

  constructor(files: TreeSource, problems: Problems) {
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
